import { whereIs } from './datasets/load-data-set.js';
import { listDataSets, type DataSetInfo } from './datasets/registry.js';
import { digitsUrl } from './check-run.js';

/** A data set and the file or folder it lies in; none: it is not here (or the user names its folder). */
export interface LocatedDataSet extends DataSetInfo {
  readonly place?: string;
}

export async function locateDataSets(dataFolder: string): Promise<LocatedDataSet[]> {
  const places = { dataFolder, digitsUrl: digitsUrl() };
  return Promise.all(
    listDataSets().map(async (info) => {
      // What lies in a folder of the user's own is found when a search names the folder.
      const place = info.origin.kind === 'folder' ? undefined : await whereIs(info, places);
      return { ...info, ...(place === undefined ? {} : { place }) };
    }),
  );
}
