/** All cases, in the order of the specification. */
import type { ConformanceCase } from '../case/conformance-case.ts';
import { acknowledgementCases } from './acknowledgement.ts';
import { authCases } from './auth.ts';
import { connackCases } from './connack.ts';
import { clientIdentifierCases, connectCases } from './connect.ts';
import { connectLimitsCases } from './connect-limits.ts';
import { connectSessionCases } from './connect-session.ts';
import { connectWillCases } from './connect-will.ts';
import { deliveryCases } from './delivery.ts';
import { disconnectCases } from './disconnect.ts';
import { enhancedAuthCases } from './enhanced-auth.ts';
import { flowControlCases } from './flow-control.ts';
import {
  fixedHeaderCases,
  packetIdentifierCases,
  propertyCases,
  variableByteIntegerCases,
} from './format.ts';
import { pingCases } from './ping.ts';
import { publishCases } from './publish.ts';
import { publishExpiryCases } from './publish-expiry.ts';
import { publishOverlapCases } from './publish-overlap.ts';
import { publishPropertiesCases } from './publish-properties.ts';
import { publishRetainCases } from './publish-retain.ts';
import { qosReceiverCases } from './qos-receiver.ts';
import { qosSenderCases } from './qos-sender.ts';
import { redeliveryCases } from './redelivery.ts';
import { sessionCases } from './session.ts';
import { sharedDeliveryCases, sharedSubscriptionCases } from './shared-subscriptions.ts';
import { stringCases } from './strings.ts';
import { lackingSubscribeCases, malformedSubscribeCases, subackCases } from './subscribe.ts';
import { noLocalCases, subscriptionCases } from './subscription.ts';
import { topicAliasCases } from './topic-alias.ts';
import { dollarTopicCases, topicFilterCases, topicNameCases } from './topics.ts';
import { malformedUnsubscribeCases, unsubscribeCases } from './unsubscribe.ts';
import { webSocketCases } from './web-socket.ts';

export const cases: readonly ConformanceCase[] = [
  ...stringCases,
  ...variableByteIntegerCases,
  ...fixedHeaderCases,
  ...packetIdentifierCases,
  ...propertyCases,
  ...connectCases,
  ...clientIdentifierCases,
  ...connectSessionCases,
  ...connectWillCases,
  ...connectLimitsCases,
  ...connackCases,
  ...publishCases,
  ...publishRetainCases,
  ...publishPropertiesCases,
  ...publishExpiryCases,
  ...topicAliasCases,
  ...publishOverlapCases,
  ...acknowledgementCases,
  ...malformedSubscribeCases,
  ...subackCases,
  ...lackingSubscribeCases,
  ...subscriptionCases,
  ...noLocalCases,
  ...malformedUnsubscribeCases,
  ...unsubscribeCases,
  ...pingCases,
  ...disconnectCases,
  ...authCases,
  ...enhancedAuthCases,
  ...sessionCases,
  ...qosReceiverCases,
  ...qosSenderCases,
  ...redeliveryCases,
  ...deliveryCases,
  ...topicNameCases,
  ...topicFilterCases,
  ...dollarTopicCases,
  ...sharedSubscriptionCases,
  ...sharedDeliveryCases,
  ...flowControlCases,
  ...webSocketCases,
];
