// The two tables of a cache, in the order in which both halves number them.

export const TABLE_NAMES = ['success', 'denial'] as const
