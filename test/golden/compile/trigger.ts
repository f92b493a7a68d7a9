declare const TG_OP: string;
declare const TG_ARGV: readonly string[];

interface Row {
  id: number;
  label: string | null;
  score: number;
}

/** @plv8ify_trigger */
export function keepScore(NEW: Row | null, OLD: Row | null): Row | null {
  if (NEW === null) return OLD;
  if (NEW.score < 0) return null;
  NEW.label = `${TG_OP} ${TG_ARGV.join('+')} ${OLD === null ? 'new' : OLD.score}`;
  return NEW;
}
