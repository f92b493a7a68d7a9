interface Customer {
  tenure: number;
  contract: 'Month-to-month' | 'One year' | 'Two year' | null;
  /** A boolean is 1 or 0 in SQL. */
  paperless: boolean;
  comment?: string;
}

type Offer = 'discount' | 'none' | 'upgrade';

interface Prediction {
  value: number;
  label: Offer;
  probabilities: Record<Offer, number>;
  raw: [number, number, number];
  values: [number, number];
}

/** Which offer to make, from counted points: all of its numbers are exact. */
export function offer({ tenure, contract, paperless, comment = 'none' }: Customer): Prediction | null {
  if (comment === 'do not contact') return null;
  const discount = contract === 'Month-to-month' ? 4 : 1;
  const upgrade = tenure >= 24 ? 3 : 1;
  const none = paperless ? 1 : 4;
  const sum = discount + upgrade + none;
  const points: [Offer, number][] = [
    ['discount', discount],
    ['none', none],
    ['upgrade', upgrade],
  ];
  const best = points.reduce((left, right) => (right[1] > left[1] ? right : left));
  return {
    value: best[1] / sum,
    label: best[0],
    probabilities: { discount: discount / sum, none: none / sum, upgrade: upgrade / sum },
    raw: [discount, none, upgrade],
    values: [sum, comment.length],
  };
}
