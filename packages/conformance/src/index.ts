export {
  CaseClient,
  type ConnectDefaults,
  type PublishFields,
  type SubscribeFields,
} from './case/case-client.ts';
export { CaseContext, type CaseEnvironment } from './case/case-context.ts';
export type { ConformanceCase } from './case/conformance-case.ts';
export { cases } from './cases/index.ts';
export { countsLine, failureText, reportJson, resultLine, summaryTable } from './runner/report.ts';
export { type RunOptions, run } from './runner/run.ts';
export type { CaseResult, Outcome } from './runner/run-case.ts';
export { type Capabilities, type Capability, capabilityNames } from './sut/capability.ts';
export { parseSut, type Sut, unknownSut } from './sut/sut.ts';
export { RawWebSocket } from './target/raw-web-socket.ts';
export type { Target } from './target/target.ts';
export { type TargetTls, urlTarget } from './target/url-target.ts';
