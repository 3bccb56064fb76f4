import manifest from '../../package.json' with { type: 'json' };

/** Version of the product: one for command line, engine and extension. */
export const VERSION: string = manifest.version;
