// The package `shardns`: what authors of plugins, and programs that run a server, import. It stays
// light: a shard loads it for each plugin that imports it, so nothing of main is loaded with it.

import type { ServerOptions, ShardnsServer } from './library/create-server.ts'

export { readTextFile } from './base/files/text-file.ts'
export type { RecordData } from './chain/answer/answer.ts'
export { optOf } from './chain/answer/edit.ts'
export { copyRecords, recordAt } from './chain/answer/record-copy.ts'
export { type Renaming, renamed } from './chain/answer/renamed.ts'
export type { BlockInfo, BlockSettings } from './chain/block.ts'
export { ArgumentError, ServerError } from './chain/errors.ts'
export { type ChangingZone, EVERY_LABEL } from './chain/invalidation-scopes.ts'
export type {
  Message,
  MessageQuestion,
  MessageRecord,
  OptOption,
  OptRecord,
  ReadRecord,
} from './chain/message.ts'
export {
  COLLECTOR,
  METADATA,
  type MetadataCollector,
  type MetadataProvider,
} from './chain/offers/metadata.ts'
export { type OfferKind, offerKind } from './chain/offers/offers.ts'
export type {
  ControlScope,
  HttpAnswer,
  HttpRoute,
  Kept,
  ProcessControl,
  ReadinessList,
  Resources,
} from './chain/plugin/control-scope.ts'
export type { HandlingStage, PluginDefinition } from './chain/plugin/definition.ts'
export type { InspectScope } from './chain/plugin/inspect-scope.ts'
export type { PluginFacts } from './chain/plugin/plugin.ts'
export type { ServeScope } from './chain/plugin/serve-scope.ts'
export { type Asked, inZones, type ListenerRef } from './chain/query/asked.ts'
export type { FastQuery } from './chain/query/fast-query.ts'
export type { Peer, Query, QueryChange, QueryMetadata } from './chain/query/query.ts'
export type { ConnectionFacts, Transport } from './chain/query/transport.ts'
export { after } from './chain/reply/after.ts'
export { Reply, SILENCE } from './chain/reply/reply.ts'
export { eachMessage, messagesOf } from './chain/reply/stream.ts'
export {
  FAST_ANSWERED,
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  type FastVerdict,
  TRANSPARENT,
} from './chain/stage/fast-step.ts'
export type { Handler } from './chain/stage/handler.ts'
export {
  type Answer,
  answer,
  type Change,
  edit,
  errorReply,
  type Rcode,
  record,
} from './library/answer.ts'
export type {
  FunctionQuery,
  PluginModule,
  Plugins,
  QueryFunction,
  ServerAddress,
  ServerOptions,
  ServerSizes,
  ShardnsServer,
} from './library/create-server.ts'
export { definePlugin } from './library/define-plugin.ts'
export { type CorefileDiagnostic, CorefileError, ShardnsError } from './library/errors.ts'
export type { RecordInput } from './library/record-data.ts'
export type { Labels, MetricRegistrar, Vector } from './metrics/registrar.ts'
export type { RecordsRef } from './records/layout.ts'
export { RecordKey } from './records/reader.ts'

/**
 * Starts a server in this process, and resolves once it answers. Rejects with a TypeError or
 * RangeError that names the option, a CorefileError, or another ShardnsError; nothing is left open
 * then. See docs/library.md.
 */
export const createServer = async (options: ServerOptions): Promise<ShardnsServer> => {
  // Only here: a plugin that imports the package has no server in its shard.
  const library = await import('./library/create-server.ts')
  return library.createServer(options)
}
