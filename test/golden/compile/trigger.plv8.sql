-- trigger.ts, compiled by pgscore for plv8

CREATE OR REPLACE FUNCTION "keepscore"()
RETURNS trigger
LANGUAGE plv8
VOLATILE PARALLEL UNSAFE
CALLED ON NULL INPUT
AS $$
return (globalThis["pgscore:8f8f9bf696c4d8d00b8179fc5f02b170c5a291f2ece004b90b53b58d7e24cefa"]??(globalThis["pgscore:8f8f9bf696c4d8d00b8179fc5f02b170c5a291f2ece004b90b53b58d7e24cefa"]=((module)=>{var g=Object.defineProperty;var N=Object.getOwnPropertyDescriptor;var A=Object.getOwnPropertyNames;var G=Object.prototype.hasOwnProperty;var T=(n,r)=>{for(var t in r)g(n,t,{get:r[t],enumerable:!0})},R=(n,r,t,o)=>{if(r&&typeof r=="object"||typeof r=="function")for(let u of A(r))!G.call(n,u)&&u!==t&&g(n,u,{get:()=>r[u],enumerable:!(o=N(r,u))||o.enumerable});return n};var S=n=>R(g({},"__esModule",{value:!0}),n);var C={};T(C,{sql_keepScore:()=>h});module.exports=S(C);function m(n){return n==null}function _(n,r){throw new TypeError(`the function returned ${L(n)}, where ${r} was expected`)}function L(n){return typeof n=="string"?JSON.stringify(n.slice(0,80)):typeof n=="object"?Object.prototype.toString.call(n):String(n)}function I(n){if(m(n))return null;let r=n instanceof Date?n:new Date(n),t=r.getTime();return Number.isNaN(t)?_(n,"a valid Date"):r}function d(n){let r={};for(let t of Object.keys(n))r[t]=b(n[t]);return r}function b(n){return m(n)?null:n instanceof Date?I(n):Array.isArray(n)?n.map(b):ArrayBuffer.isView(n)&&!(n instanceof Uint8Array)?Array.from(n):n}var s,f,l,c,w,e,a,p,y,i;function k(n,r){let t={NEW:s,OLD:f,TG_NAME:l,TG_WHEN:c,TG_LEVEL:w,TG_OP:e,TG_RELID:a,TG_TABLE_NAME:p,TG_TABLE_SCHEMA:y,TG_ARGV:i};x(n);try{let o=r();return o==null?o:d(o)}finally{x(t)}}function x(n){s=n.NEW??null,f=n.OLD??null,{TG_NAME:l,TG_WHEN:c,TG_LEVEL:w,TG_OP:e,TG_RELID:a,TG_TABLE_NAME:p,TG_TABLE_SCHEMA:y,TG_ARGV:i}=n}function E(n,r){return n===null?r:n.score<0?null:(n.label=`${e} ${i.join("+")} ${r===null?"new":r.score}`,n)}var h=n=>k(n,()=>E(n.NEW??null,n.OLD??null));
return{...module.exports}})({exports:{}}))).sql_keepScore({NEW,OLD,TG_NAME,TG_WHEN,TG_LEVEL,TG_OP,TG_RELID,TG_TABLE_NAME,TG_TABLE_SCHEMA,TG_ARGV});
$$;
