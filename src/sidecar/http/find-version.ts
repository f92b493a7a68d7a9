import { notFound } from './errors.ts';
import type { InferenceService, ServedVersion } from './service.ts';

/**
 * The version of a request's path: the champion, or the one named ('3', or 'v3'). Throws HttpError 404 that names what
 * there is.
 */
export async function findVersion(
  service: InferenceService,
  { name, version }: { name: string; version?: string | undefined },
): Promise<ServedVersion> {
  const all = await service.versions();
  const ofModel = all.filter(({ model }) => model === name);
  if (ofModel.length === 0) {
    const names = [...new Set(all.map(({ model }) => model))];
    const known = names.length === 0 ? 'no model is deployed' : `the models are ${names.join(', ')}`;
    throw notFound(`there is no model ${JSON.stringify(name)}; ${known}`);
  }
  const found =
    version === undefined
      ? ofModel.find(({ isChampion }) => isChampion)
      : ofModel.find((each) => String(each.version) === version.replace(/^v/, ''));
  if (found === undefined) {
    const wanted = version === undefined ? 'champion' : `version ${JSON.stringify(version)}`;
    throw notFound(
      `model ${name} has no ${wanted}; its versions are ${ofModel.map((each) => each.version).join(', ')}`,
    );
  }
  return found;
}
