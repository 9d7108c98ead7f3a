/**
 * A program beside the system, for what cannot be brought about from outside: it hangs or kills the server, or reads what the
 * kernel knows. Whoever holds the board can do this to any Linux: the harness, as the firmware, gives the kernel one more archive
 * behind the initramfs, and has it begin with that. The image has nothing of it.
 */
import { appendFile, chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from './tool.ts'

/** The words for the kernel that make it begin there. */
export const asideWords = ['rdinit=/aside'] as const

/** It outlives the initramfs, whose files are gone then: all that it uses is open before, and it calls no program. */
const before = `#!/bin/busybox sh
/bin/busybox mkdir -p /of-aside /dev
# The shell wants it for whatever runs beside it.
/bin/busybox mknod /dev/null c 1 3
/bin/busybox mount -t proc proc /of-aside
/bin/busybox mknod /line-aside c 204 64
/bin/busybox mkfifo /pause-aside
exec 8>/line-aside 9<>/pause-aside
cd /of-aside
# pause SECONDS
pause() { read -r -t "$1" _ <&9; }
# The server, by the name that Node gives itself; 0 while there is none.
server() {
  found=0
  for process in [0-9]*; do
    name= && read -r name 2>/dev/null <"$process/comm"
    case $name in MainThread) found=$process ;; esac
  done
}
work() {
`
const behind = `
}
work &
exec /init
`

/**
 * Puts a program beside the system of an initramfs.
 * @param initrd a file, which gets longer
 * @param work lines of busybox ash; it knows \`pause\` and \`server\`, is in /proc, and may write to descriptor 8, the line
 */
export async function putAside(initrd: string, work: string): Promise<void> {
  const folder = `${initrd}.aside`
  await mkdir(folder, { recursive: true })
  const program = join(folder, 'aside')
  await writeFile(program, `${before}${work}${behind}`)
  await chmod(program, 0o755)
  const archive = await tool(['cpio', '--quiet', '-o', '-H', 'newc', '-D', folder], Buffer.from('aside\n'))
  // The kernel wants each archive to begin at a multiple of four.
  await appendFile(initrd, Buffer.alloc(-(await stat(initrd)).size & 3))
  await appendFile(initrd, archive)
}
