import type { Register, TextStep } from '../ir/model.ts';
import { numberSource, type SourceContext, type StepSource } from './source-context.ts';

/** The code of a step whose registers start at `first`. */
export function textStepSource(step: TextStep, first: Register, context: SourceContext): StepSource {
  const text = context.readText(step.input);
  switch (step.kind) {
    case 'hash-text': {
      const hash = context.kernel('city-hash', 'hashText');
      return { setup: [], run: [context.write(first, `${hash}(${text},${numberSource(step.missing)})`)] };
    }
  }
}
