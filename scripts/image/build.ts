/** What one build of one architecture knows: names, times, folders. */

export type Arch = 'arm64' | 'amd64'

export const archs = ['arm64', 'amd64'] as const

export type Build = {
  readonly arch: Arch
  readonly version: string
  /** Seconds since 1970 that every file in the image bears: the clock of the machine stays out. */
  readonly epoch: number
  /** The repository. */
  readonly root: string
  /** Where the results go. */
  readonly dist: string
  /** Where the parts are made; emptied at the start. */
  readonly work: string
  /** The folder that a package of packages.lock was unpacked to. */
  unpacked(name: string): string
  /** The kernel's version, as in /lib/modules. */
  readonly kernel: string
  /** What the licences' file names as the source: the lines of packages.lock. */
  readonly lock: string
}

/** Which of the executables belongs to which image. */
export const executables = {
  arm64: 'porchlight-linux-arm64',
  amd64: 'porchlight-linux-x64',
} as const satisfies Record<Arch, string>
