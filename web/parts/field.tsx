import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly name?: string;
  readonly hint?: ComponentChildren;
  /** What is wrong with the value; shown and read out. */
  readonly problem?: string | undefined;
  readonly required?: boolean;
  readonly lines?: number;
  readonly type?: 'text' | 'number';
  readonly min?: number;
  readonly max?: number | undefined;
  readonly maxLength?: number;
  /** The keys that a phone shows. */
  readonly keys?: 'decimal' | 'numeric' | 'text' | 'tel';
}

/** A labelled field; hint and problem belong to it for those who hear the page, too. */
export function Field(given: FieldProps) {
  const {
    label,
    value,
    onValue,
    name,
    hint,
    problem,
    required,
    lines,
    type = 'text',
    min,
    max,
    maxLength,
    keys,
  } = given;
  const id = useId();
  const described = [hint === undefined ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-problem`]
    .filter((each) => each !== '')
    .join(' ');
  const shared = {
    id,
    name,
    value,
    required,
    maxLength,
    'aria-invalid': problem !== undefined,
    'aria-describedby': described === '' ? undefined : described,
  };
  return (
    <div>
      <label for={id}>
        <span>{label}</span>
      </label>
      {lines === undefined ? (
        type === 'number' ? (
          <input
            {...shared}
            type="number"
            min={min}
            max={max}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
        ) : (
          <input {...shared} inputMode={keys} onInput={(event) => onValue(event.currentTarget.value)} />
        )
      ) : (
        <textarea {...shared} rows={lines} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
      {hint === undefined ? null : (
        <p class="soft" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem === undefined ? null : (
        <p class="note bad" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** One of several, as a list that a phone shows in its own way. */
export function Choose<Value extends string>(given: {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly onValue: (value: Value) => void;
  readonly hint?: string;
  readonly name?: string;
}) {
  const id = useId();
  const { label, value, options, onValue, hint, name } = given;
  return (
    <div>
      <label for={id}>
        <span>{label}</span>
      </label>
      <select
        id={id}
        name={name}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => {
          const chosen = options.find(([each]) => each === event.currentTarget.value);
          if (chosen !== undefined) onValue(chosen[0]);
        }}
      >
        {options.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
      {hint === undefined ? null : (
        <p class="soft" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
