// The package `shardns`: what authors of plugins, and programs that run a server, import. It stays
// light: a shard loads it for each plugin that imports it, so nothing of main is loaded with it.

import type { ServerOptions, ShardnsServer } from './library/create-server.ts'

export { readTextFile } from './base/text-file.ts'
export { after } from './chain/after.ts'
export type { RecordData } from './chain/answer.ts'
export { type Asked, inZones, type ListenerRef } from './chain/asked.ts'
export type { BlockInfo, BlockSettings } from './chain/block.ts'
export type {
  ControlScope,
  HttpAnswer,
  HttpRoute,
  Kept,
  ProcessControl,
  ReadinessList,
  Resources,
} from './chain/control-scope.ts'
export type { HandlingStage, PluginDefinition } from './chain/definition.ts'
export { optOf } from './chain/edit.ts'
export { ArgumentError, ServerError } from './chain/errors.ts'
export type { FastQuery } from './chain/fast-query.ts'
export {
  FAST_ANSWERED,
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  type FastVerdict,
  TRANSPARENT,
} from './chain/fast-step.ts'
export type { Handler } from './chain/handler.ts'
export type { InspectScope } from './chain/inspect-scope.ts'
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
} from './chain/metadata.ts'
export { type OfferKind, offerKind } from './chain/offers.ts'
export type { PluginFacts } from './chain/plugin.ts'
export type { Peer, Query, QueryChange, QueryMetadata } from './chain/query.ts'
export { copyRecords, recordAt } from './chain/record-copy.ts'
export { type Renaming, renamed } from './chain/renamed.ts'
export { Reply, SILENCE } from './chain/reply.ts'
export type { ServeScope } from './chain/serve-scope.ts'
export { eachMessage, messagesOf } from './chain/stream.ts'
export type { ConnectionFacts, Transport } from './chain/transport.ts'
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
