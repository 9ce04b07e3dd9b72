/** The key of the row stands for nothing: it was cancelled before its use, or while its call was coming to nothing. */
export const isCanceledKey = `(type = 'tombstone' AND status <> 'failed' OR key_canceled AND status = 'failed')`
