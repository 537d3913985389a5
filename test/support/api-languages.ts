// The ways in which API servers speak to shardns: today's, and that of one that knows neither
// protobuf nor lists as events.

import type { KubeApiOptions } from '../fakes/kube-api/api-server.ts'

export interface ApiLanguage extends Pick<KubeApiOptions, 'protobuf' | 'streamingLists'> {
  readonly language: string
}

export const API_LANGUAGES: readonly ApiLanguage[] = [
  { language: 'protobuf, lists as events', protobuf: true, streamingLists: true },
  { language: 'protobuf, lists in pages', protobuf: true, streamingLists: false },
  { language: 'JSON, lists as events', protobuf: false, streamingLists: true },
  { language: 'JSON, lists in pages', protobuf: false, streamingLists: false },
]
