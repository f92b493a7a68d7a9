import type { Frame } from '../frame.ts';
import type { Lowering } from '../lowering.ts';
import type { Stage } from '../stage.ts';

export function sqlTransformer(stage: Stage, _frame: Frame, _lowering: Lowering): void {
  stage.refuse('later');
}
