/** Work on the data of a broker, which must not be running meanwhile. */

/** As `work`, but says what to do when the data is in use. */
export async function whenStopped(work: Promise<number>): Promise<number> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'locked')) throw error;
    throw new Error(`${error.message}; stop the broker first`, { cause: error });
  }
}
