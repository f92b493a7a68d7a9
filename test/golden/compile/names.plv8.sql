-- names.ts, compiled by pgscore for plv8

CREATE OR REPLACE FUNCTION "Scoring Rules"."select"("order" varchar(20), "user" float8, "größe" float8, "$1" float8)
RETURNS text
LANGUAGE plv8
VOLATILE PARALLEL UNSAFE
CALLED ON NULL INPUT
AS $$
return (globalThis["pgscore:bf80225aa1e3099c0ab7d25cc823761a30d7c67673b4b4442d00cf4e9774fd65"]??(globalThis["pgscore:bf80225aa1e3099c0ab7d25cc823761a30d7c67673b4b4442d00cf4e9774fd65"]=((module)=>{var i=Object.defineProperty;var x=Object.getOwnPropertyDescriptor;var E=Object.getOwnPropertyNames;var N=Object.prototype.hasOwnProperty;var A=(n,r)=>{for(var t in r)i(n,t,{get:r[t],enumerable:!0})},T=(n,r,t,o)=>{if(r&&typeof r=="object"||typeof r=="function")for(let e of E(r))!N.call(n,e)&&e!==t&&i(n,e,{get:()=>r[e],enumerable:!(o=x(r,e))||o.enumerable});return n};var G=n=>T(i({},"__esModule",{value:!0}),n);var C={};A(C,{sql_fallback:()=>h,sql_select:()=>O});module.exports=G(C);function R(n){return n==null}function f(n,r){throw new TypeError(`the function returned ${_(n)}, where ${r} was expected`)}function _(n){return typeof n=="string"?JSON.stringify(n.slice(0,80)):typeof n=="object"?Object.prototype.toString.call(n):String(n)}function u(n){if(R(n))return null;if(typeof n=="object")return f(n,"text");let r=String(n);return r.includes("\0")?f(r,"text without NUL"):r}function b(n,r,t,o){return`${n}:${r}:${t}:${o}`}function s(){return"fallback"}var O=(n,r,t,o)=>u(b(n,r,t,o)),h=()=>u(s());
return{...module.exports}})({exports:{}}))).sql_select(order,user,größe,$1);
$$;

CREATE OR REPLACE FUNCTION "fallback"()
RETURNS text
LANGUAGE plv8
VOLATILE PARALLEL UNSAFE
CALLED ON NULL INPUT
AS $$
return (globalThis["pgscore:bf80225aa1e3099c0ab7d25cc823761a30d7c67673b4b4442d00cf4e9774fd65"]??(globalThis["pgscore:bf80225aa1e3099c0ab7d25cc823761a30d7c67673b4b4442d00cf4e9774fd65"]=((module)=>{var i=Object.defineProperty;var x=Object.getOwnPropertyDescriptor;var E=Object.getOwnPropertyNames;var N=Object.prototype.hasOwnProperty;var A=(n,r)=>{for(var t in r)i(n,t,{get:r[t],enumerable:!0})},T=(n,r,t,o)=>{if(r&&typeof r=="object"||typeof r=="function")for(let e of E(r))!N.call(n,e)&&e!==t&&i(n,e,{get:()=>r[e],enumerable:!(o=x(r,e))||o.enumerable});return n};var G=n=>T(i({},"__esModule",{value:!0}),n);var C={};A(C,{sql_fallback:()=>h,sql_select:()=>O});module.exports=G(C);function R(n){return n==null}function f(n,r){throw new TypeError(`the function returned ${_(n)}, where ${r} was expected`)}function _(n){return typeof n=="string"?JSON.stringify(n.slice(0,80)):typeof n=="object"?Object.prototype.toString.call(n):String(n)}function u(n){if(R(n))return null;if(typeof n=="object")return f(n,"text");let r=String(n);return r.includes("\0")?f(r,"text without NUL"):r}function b(n,r,t,o){return`${n}:${r}:${t}:${o}`}function s(){return"fallback"}var O=(n,r,t,o)=>u(b(n,r,t,o)),h=()=>u(s());
return{...module.exports}})({exports:{}}))).sql_fallback();
$$;
