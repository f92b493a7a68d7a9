/**
 * @plv8ify_param {varchar(20)} order
 * @plv8ify_schema_name "Scoring Rules"
 */
export function select(order: string, user: number, größe: number, $1: number): string {
  return `${order}:${user}:${größe}:${$1}`;
}

export default function fallback(): string {
  return 'fallback';
}
