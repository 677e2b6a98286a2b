// What one cell declares: apart from what is kept of earlier cells until the cell has succeeded, one with it from then on.

export class Scope {
  #own;
  #kept;

  /** The object on which a compiled cell exports what it declares, and finds what earlier ones declared. */
  exports;

  /**
   * @param {Record<string, unknown>} kept the values of earlier cells
   * @param {string[]} names what this cell declares
   */
  constructor(kept, names) {
    this.#kept = kept;
    this.#own = Object.fromEntries(names.map((name) => [name, undefined]));
    const placeOf = (name) => (Object.hasOwn(this.#own, name) ? this.#own : kept);
    this.exports = new Proxy(kept, {
      get: (_, name) => placeOf(name)[name],
      set: (_, name, value) => Reflect.set(placeOf(name), name, value),
      // TypeScript exports imported names by accessors; here they become plain values, which a later cell may replace.
      defineProperty: (_, name, { get, value }) =>
        name === '__esModule' || Reflect.set(placeOf(name), name, get === undefined ? value : get()),
    });
  }

  /** The value of a name, which is forgotten. */
  take(name) {
    const value = this.#own[name];
    delete this.#own[name];
    return value;
  }

  /** Gives the names to later cells. What functions of the cell do to them from now on, those see. */
  keep() {
    Object.assign(this.#kept, this.#own);
    this.#own = this.#kept;
  }
}
