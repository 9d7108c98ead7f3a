/** The release that runs: the version in package.json, which the build puts into the executable. */
import manifest from '../../package.json' with { type: 'json' }

export const { version } = manifest
