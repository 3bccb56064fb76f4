import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where `data fetch` puts data sets, one folder each, unless told otherwise: `$XDG_DATA_HOME/cellsmith/data`, else
 * `~/.local/share/cellsmith/data`. A relative XDG_DATA_HOME is ignored, as the XDG specification demands.
 */
export function defaultDataFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const base = environment['XDG_DATA_HOME'];
  const root = base !== undefined && isAbsolute(base) ? base : join(home, '.local', 'share');
  return join(root, 'cellsmith', 'data');
}
