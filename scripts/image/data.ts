/** The data partition: an empty ext4, laid out for the card that it will grow on. */
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Build } from './build.ts'
import { layout } from './layout.ts'
import { run } from './tool.ts'

const uuid = '504f5243-484c-4947-4854-000000000004'
const hashSeed = '504f5243-484c-4947-4854-000000000005'

/**
 * Named here, for without a configuration of the host's mke2fs makes what is an ext3 but for its name. The checksums let a worn
 * card's errors be seen.
 */
const features = [
  ...['has_journal', 'ext_attr', 'resize_inode', 'dir_index', 'filetype', 'sparse_super', 'large_file'],
  ...['huge_file', 'flex_bg', 'extent', '64bit', 'dir_nlink', 'extra_isize', 'metadata_csum'],
].join(',')

/** Blocks of 2 TiB, where a partition table of this kind ends: room for the list of block groups to grow in its place. */
const mostBlocks = 2 ** 41 / 4096

/** Makes the partition's image and returns its path. */
export async function dataPartition({ work, epoch }: Build): Promise<string> {
  const image = join(work, 'data.img')
  writeFileSync(image, '')
  truncateSync(image, layout.data.octets)
  const identity = ['-L', 'data', '-U', uuid]
  // As for a large disk, although this one is small yet: sizes of blocks and inodes cannot be changed when it grows.
  const sizes = ['-O', features, '-T', 'default', '-b', '4096', '-I', '256', '-i', '16384', '-J', 'size=16', '-m', '1']
  const extended = [
    '-E',
    `hash_seed=${hashSeed},resize=${mostBlocks},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,nodiscard`,
  ]
  await run('mke2fs', ['-t', 'ext4', '-q', '-F', ...identity, ...sizes, ...extended, image], {
    env: { E2FSPROGS_FAKE_TIME: `${epoch}`, SOURCE_DATE_EPOCH: `${epoch}`, MKE2FS_CONFIG: '/dev/null' },
  })
  return image
}
