import type { Model, Output, Register, Step } from '../ir/model.ts';

/** The model without some features: registers move up. Nothing may read the features that go. */
export function withoutFeatures(model: Model, unused: readonly number[]): Model {
  const gone = new Set(unused);
  const features = model.features.filter((_, i) => !gone.has(i));
  const place = new Map<Register, Register>();
  model.features.forEach((_, i) => {
    if (!gone.has(i)) place.set(i, place.size);
  });
  return { ...moveRegisters(model, (register) => place.get(register) ?? register - gone.size), features };
}

/** The model with every register renamed. */
export function moveRegisters(model: Model, moved: (register: Register) => Register): Model {
  return {
    ...model,
    steps: model.steps.map((step) => moveStep(step, moved)),
    output: moveOutput(model.output, moved),
  };
}

/** The step with the registers that it reads renamed. */
export function moveStep(step: Step, moved: (register: Register) => Register): Step {
  switch (step.kind) {
    case 'encode-category':
    case 'hash-text':
    case 'count-terms':
    case 'average-terms':
    case 'measure-text':
    case 'change-text':
    case 'format-number':
    case 'format-date':
      return { ...step, input: moved(step.input) };
    case 'choose-text':
      return { ...step, index: moved(step.index), inputs: step.inputs.map(moved) };
    case 'combine':
      return { ...step, left: step.left.map(moved), right: step.right.map(moved) };
    case 'select':
      return {
        ...step,
        condition: step.condition.map(moved),
        whenTrue: step.whenTrue.map(moved),
        whenFalse: step.whenFalse.map(moved),
      };
    default:
      return { ...step, inputs: step.inputs.map(moved) };
  }
}

function moveOutput(output: Output, moved: (register: Register) => Register): Output {
  const { value, raw, values, classes } = output;
  const probabilities = classes?.probabilities?.map(moved);
  return {
    value: moved(value),
    raw: raw.map(moved),
    ...(values === undefined ? {} : { values: values.map(moved) }),
    ...(classes === undefined
      ? {}
      : {
          classes: {
            labels: classes.labels,
            predicted: moved(classes.predicted),
            ...(probabilities === undefined ? {} : { probabilities }),
          },
        }),
  };
}
