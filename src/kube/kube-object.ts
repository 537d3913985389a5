// What this layer knows about an object: it has a name and a version. Everything else is passed on
// unchanged.

export interface KubeObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
  } & Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Whether `value` is an object whose metadata is an object with a name. Nothing else of it is
 * checked.
 */
export const isKubeObject = (value: unknown): value is KubeObject => {
  const { metadata } = (value ?? {}) as { readonly metadata?: { readonly name?: unknown } | null }
  return typeof metadata?.name === 'string' && metadata.name !== ''
}

/** The resourceVersion of an object or a bookmark; undefined if there is none. */
export const versionOf = (value: unknown): string | undefined => {
  const { metadata } = (value ?? {}) as {
    readonly metadata?: { readonly resourceVersion?: unknown } | null
  }
  const version = metadata?.resourceVersion
  return typeof version === 'string' && version !== '' ? version : undefined
}
