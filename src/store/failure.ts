/** Errors of LevelDB and the file system, told apart and put into words. */
import { Failure } from '../base/failure.ts'

/** What a person can do about a damaged store. */
export const advice = 'Stop Porchlight and run: porchlight repair'

/** Of a file that ends too early, LevelDB says that the argument is invalid; of one that is gone, that there is none. */
const damaged =
  /LEVEL_CORRUPTION|IO error: .*(?:Invalid argument|No such file or directory)|does not exist \(create_if_missing/

/** @returns whether what was read is not what was written; other errors say nothing about what lies on the disk */
export function isDamage(error: unknown): boolean {
  return error instanceof Failure ? error.code === 'STORE_DAMAGED' : damaged.test(words(error))
}

/** @returns whether the disk could not read or write what lies there */
export function isBadDisk(error: unknown): boolean {
  return /Input\/output error|EIO/.test(words(error))
}

/** @returns whether the disk takes no changes at all: ext4 makes itself so when it meets a fault */
export function isReadOnly(error: unknown): boolean {
  return /EROFS|Read-only file system/i.test(words(error))
}

/** Gives an error of LevelDB or the file system its code and a sentence. */
export function storeFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const all = words(error)
  if (/LEVEL_LOCKED/.test(all)) {
    return new Failure('STORE_LOCKED', 'Another Porchlight is using this data directory.', { cause: error })
  }
  if (/ENOSPC|EDQUOT|No space left|quota exceeded/i.test(all)) {
    return new Failure('STORE_FULL', 'The disk is full.', { cause: error })
  }
  if (isReadOnly(error)) {
    return new Failure('STORE_FULL', 'The disk can only be read now; it may have a fault.', { cause: error })
  }
  if (isDamage(error)) {
    return new Failure('STORE_DAMAGED', `The mail store is damaged (${reason(error)}). ${advice}`, { cause: error })
  }
  // LevelDB says the same of a database that it could not open, with the reason below.
  if (/^LEVEL_\w+_NOT_OPEN /.test(reason(error))) {
    return new Failure('STORE_IO', 'The mail store was closed meanwhile; try again in a moment.', { cause: error })
  }
  return new Failure('STORE_IO', `The mail store cannot be read or written (${reason(error)}).`, { cause: error })
}

/** What lies at the bottom of an error: LevelDB's own words, or the file system's. */
export function reason(error: unknown): string {
  return [...causes(error)].at(-1) ?? String(error)
}

function words(error: unknown): string {
  return [...causes(error)].join(': ')
}

function* causes(error: unknown): Generator<string> {
  for (let at = error; at instanceof Error; at = at.cause) {
    yield 'code' in at ? `${at.code} ${at.message}` : at.message
  }
}
