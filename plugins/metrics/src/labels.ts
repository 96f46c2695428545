import { BoundedValues } from './bounded-values.js';

/** The bounds of all labels whose values come from configurations that change, or from plugins. */
export class Labels {
  readonly inbound = new BoundedValues(500);
  readonly outbound = new BoundedValues(500);
  readonly balancer = new BoundedValues(200);
  readonly user = new BoundedValues(5000);
  /** Error codes. */
  readonly reason = new BoundedValues(100);
}
