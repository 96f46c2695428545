import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf } from '@sluice/plugin-api';
import type { ConfiguredInbound } from '../../mtproto-inbounds.js';
import type { Examination } from '../examination.js';
import type { Check, Finding } from '../finding.js';

const subject = 'state files';

/** Whether what is to survive a restart can be written. Nothing is. */
export function stateFileChecks({ inbounds }: Examination): readonly Check[] {
  return inbounds.flatMap(pathsOf).map(({ key, path, isFolder }): Check => {
    const about = `${key} ${path}`;
    return { subject, about, run: async () => [{ subject, about, ...(await look(resolve(path), isFolder)) }] };
  });
}

function pathsOf({ settings }: ConfiguredInbound): { key: string; path: string; isFolder: boolean }[] {
  const { usageFile, replay, middleProxy } = settings;
  const paths = [
    { key: 'usageFile', path: usageFile, isFolder: false },
    { key: 'replay.stateFile', path: replay?.stateFile, isFolder: false },
    { key: 'middleProxy.cacheFolder', path: middleProxy?.cacheFolder, isFolder: true },
  ];
  return paths.flatMap(({ key, path, isFolder }) => (path === undefined ? [] : [{ key, path, isFolder }]));
}

type Seen = Pick<Finding, 'status' | 'seen' | 'advice'>;

/** Files are replaced as a whole, so it is the folder that must be writable; one that is missing is made. */
async function look(path: string, isFolder: boolean): Promise<Seen> {
  const advice = 'give the folder to the user that Sluice runs as, or name another path';
  try {
    const found = await kindOf(path);
    const wanted = isFolder ? 'folder' : 'file';
    if (found !== undefined && found !== wanted) return { status: 'problem', seen: `is no ${wanted}`, advice };
    if (found === 'file') await access(path, constants.R_OK);
    const folder = await existing(isFolder ? path : dirname(path));
    if ((await kindOf(folder)) !== 'folder') return { status: 'problem', seen: `${folder} is no folder`, advice };
    await access(folder, constants.W_OK | constants.X_OK);
    return { status: 'ok', seen: found === undefined ? 'can be made' : 'can be written' };
  } catch (error) {
    return { status: 'problem', seen: `cannot be written by this user (${errnoOf(error) ?? 'unknown'})`, advice };
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The folder itself, or the nearest one around it that is there. */
async function existing(folder: string): Promise<string> {
  const above = dirname(folder);
  return above === folder || (await kindOf(folder)) !== undefined ? folder : existing(above);
}
