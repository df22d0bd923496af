/** All mutants. */
import { authMutants } from './auth-mutants.ts';
import { connackMutants } from './connack-mutants.ts';
import { connectMutants } from './connect-mutants.ts';
import {
  acknowledgementMutants,
  flowMutants,
  qosMutants,
  redeliveryMutants,
} from './delivery-mutants.ts';
import { disconnectMutants } from './disconnect-mutants.ts';
import { formatMutants } from './format-mutants.ts';
import type { Mutant } from './mutant.ts';
import { publishMutants, retainMutants } from './publish-mutants.ts';
import { subscriptionMutants } from './subscribe-mutants.ts';
import { topicMutants } from './topic-mutants.ts';

export const mutants: readonly Mutant[] = [
  ...formatMutants,
  ...connectMutants,
  ...connackMutants,
  ...publishMutants,
  ...retainMutants,
  ...acknowledgementMutants,
  ...qosMutants,
  ...redeliveryMutants,
  ...flowMutants,
  ...disconnectMutants,
  ...authMutants,
  ...subscriptionMutants,
  ...topicMutants,
];
