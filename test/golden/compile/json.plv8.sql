-- json.ts, compiled by pgscore for plv8

CREATE OR REPLACE FUNCTION "summary"("customer" jsonb)
RETURNS jsonb
LANGUAGE plv8
VOLATILE PARALLEL UNSAFE
CALLED ON NULL INPUT
AS $$
return (globalThis["pgscore:856fbbc5eeba02d1f249290a9230552f5584891e9b72006cb23c190dd36e52e0"]??(globalThis["pgscore:856fbbc5eeba02d1f249290a9230552f5584891e9b72006cb23c190dd36e52e0"]=((module)=>{var e=Object.defineProperty;var E=Object.getOwnPropertyDescriptor;var A=Object.getOwnPropertyNames;var T=Object.prototype.hasOwnProperty;var G=(n,r)=>{for(var o in r)e(n,o,{get:r[o],enumerable:!0})},R=(n,r,o,i)=>{if(r&&typeof r=="object"||typeof r=="function")for(let t of A(r))!T.call(n,t)&&t!==o&&e(n,t,{get:()=>r[t],enumerable:!(i=E(r,t))||i.enumerable});return n};var _=n=>R(e({},"__esModule",{value:!0}),n);var C={};G(C,{sql_exactly:()=>h,sql_summary:()=>O});module.exports=_(C);function u(n){return n==null}function s(n){let r=u(n)?void 0:JSON.stringify(n,a);return r===void 0?null:r}function f(n){let r=u(n)?void 0:JSON.stringify(n,a);return r===void 0?null:JSON.parse(r)}function a(n,r){return ArrayBuffer.isView(r)?Array.from(r):r}function x(n){return n===null?null:{name:n.name,best:Math.max(...n.scores),mean:Number.NaN,scores:Float32Array.from(n.scores),at:new Date(0)}}function N(n){return n>0?{value:n}:"not positive"}var O=n=>f(x(n)),h=n=>s(N(n));
return{...module.exports}})({exports:{}}))).sql_summary(customer);
$$;

CREATE OR REPLACE FUNCTION "exactly"("value" float8)
RETURNS json
LANGUAGE plv8
VOLATILE PARALLEL UNSAFE
CALLED ON NULL INPUT
AS $$
return (globalThis["pgscore:856fbbc5eeba02d1f249290a9230552f5584891e9b72006cb23c190dd36e52e0"]??(globalThis["pgscore:856fbbc5eeba02d1f249290a9230552f5584891e9b72006cb23c190dd36e52e0"]=((module)=>{var e=Object.defineProperty;var E=Object.getOwnPropertyDescriptor;var A=Object.getOwnPropertyNames;var T=Object.prototype.hasOwnProperty;var G=(n,r)=>{for(var o in r)e(n,o,{get:r[o],enumerable:!0})},R=(n,r,o,i)=>{if(r&&typeof r=="object"||typeof r=="function")for(let t of A(r))!T.call(n,t)&&t!==o&&e(n,t,{get:()=>r[t],enumerable:!(i=E(r,t))||i.enumerable});return n};var _=n=>R(e({},"__esModule",{value:!0}),n);var C={};G(C,{sql_exactly:()=>h,sql_summary:()=>O});module.exports=_(C);function u(n){return n==null}function s(n){let r=u(n)?void 0:JSON.stringify(n,a);return r===void 0?null:r}function f(n){let r=u(n)?void 0:JSON.stringify(n,a);return r===void 0?null:JSON.parse(r)}function a(n,r){return ArrayBuffer.isView(r)?Array.from(r):r}function x(n){return n===null?null:{name:n.name,best:Math.max(...n.scores),mean:Number.NaN,scores:Float32Array.from(n.scores),at:new Date(0)}}function N(n){return n>0?{value:n}:"not positive"}var O=n=>f(x(n)),h=n=>s(N(n));
return{...module.exports}})({exports:{}}))).sql_exactly(value);
$$;
