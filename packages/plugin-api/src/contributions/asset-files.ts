/** The data files that a configuration names, such as geoip.dat. */
export interface AssetFiles {
  /**
   * The whole file, read once however often it is asked for. For the time of loading only: whoever
   * keeps a part of it copies that.
   * @param name a file's name, or a path within an asset folder
   * @throws SluiceError E_CONFIG_INVALID that says where it was looked for, or why it cannot be read
   */
  read(name: string): Uint8Array;
}
