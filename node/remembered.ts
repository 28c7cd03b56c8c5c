/**
 * The same function, that makes of each object what it makes of it once, as long as the object is there: for objects that never change
 * and are looked at again and again. What it gives is shared by all who ask.
 */
export function remembered<Of extends object, Made extends object | string>(make: (of: Of) => Made): (of: Of) => Made {
  const known = new WeakMap<Of, Made>();
  return (of) => {
    let made = known.get(of);
    if (made === undefined) known.set(of, (made = make(of)));
    return made;
  };
}
