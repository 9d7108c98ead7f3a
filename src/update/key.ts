/** The maker's public key, which is in the image: only what is signed with its other half is installed. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { refuse } from './refusal.ts'

/** In the read-only root. */
export const keyPath = '/etc/porchlight/update.pub'

/** @param path a file in PEM @throws Failure REFUSED */
export async function makersKey(path: string): Promise<KeyObject> {
  const key = await readKey(path)
  return key?.asymmetricKeyType === 'ed25519'
    ? key
    : refuse('This image has no key that updates could be checked with, so none is installed.')
}

async function readKey(path: string): Promise<KeyObject | undefined> {
  try {
    return createPublicKey(await readFile(path))
  } catch {
    return undefined
  }
}
