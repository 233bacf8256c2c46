// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Values by key, in order, with "the first at or behind this key" as the basic question. Keys are kept in
/// runs of up to 128, so that an insertion in the middle of many moves few and appending moves none.
/// </summary>
/// <remarks>Not thread-safe: the lock of the inode it belongs to guards it.</remarks>
internal sealed class SortedMap<T>
{
    private const int RunMin = 4;
    private const int RunMax = 128;

    private readonly List<Run> _runs = [];
    private int _version;

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>Gives the value of a key; default when there is none.</summary>
    public bool TryGet(ulong key, [MaybeNullWhen(false)] out T value)
    {
        if (TryFirst(key, out ulong found, out value) && found == key) return true;
        value = default;
        return false;
    }

    /// <summary>Gives the first key at or behind <paramref name="from"/>.</summary>
    public bool TryFirst(ulong from, out ulong key, [MaybeNullWhen(false)] out T value)
    {
        int at = RunOf(from);
        int index = at < _runs.Count ? _runs[at].FindFirst(from) : 0;
        if (at < _runs.Count && index == _runs[at].Count)
        {
            at++;
            index = 0;
        }
        bool isFound = at < _runs.Count;
        key = isFound ? _runs[at].Keys[index] : 0;
        value = isFound ? _runs[at].Values[index] : default;
        return isFound;
    }

    /// <summary>Sets the value of a key.</summary>
    public void Set(ulong key, T value)
    {
        if (_runs.Count == 0) _runs.Add(new Run());
        int at = Math.Min(RunOf(key), _runs.Count - 1);
        Run run = _runs[at];
        int index = run.FindFirst(key);
        if (index < run.Count && run.Keys[index] == key)
        {
            run.Values[index] = value;
            return;
        }
        if (run.Count == RunMax)
        {
            // Appending leaves full runs behind; anything else cuts in the middle.
            Run second = run.CutAt(index == RunMax && at == _runs.Count - 1 ? RunMax : RunMax / 2);
            _runs.Insert(at + 1, second);
            if (index >= run.Count) (run, index) = (second, index - run.Count);
        }
        run.Insert(index, key, value);
        Count++;
        _version++;
    }

    /// <summary>Takes a key out. False when it is not there.</summary>
    public bool Remove(ulong key)
    {
        int at = RunOf(key);
        if (at == _runs.Count) return false;
        Run run = _runs[at];
        int index = run.FindFirst(key);
        if (index == run.Count || run.Keys[index] != key) return false;
        run.RemoveAt(index);
        if (run.Count == 0) _runs.RemoveAt(at);
        Count--;
        _version++;
        return true;
    }

    /// <summary>Walks all keys in order, one step for each, and allocates nothing. No key may be added or removed
    /// meanwhile; values may change.</summary>
    public Enumerator GetEnumerator() => new(this);

    // The run that holds a key or would hold it: the last that starts at or below it. With nothing below, the
    // first.
    private int RunOf(ulong key)
    {
        int low = 0, high = _runs.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_runs[middle].Keys[0] <= key) low = middle + 1;
            else high = middle;
        }
        return Math.Max(low - 1, 0);
    }

    /// <summary>Steps through a map.</summary>
    internal struct Enumerator
    {
        private readonly SortedMap<T> _map;
        private readonly int _version;
        private int _run;
        private int _index;

        internal Enumerator(SortedMap<T> map)
        {
            _map = map;
            _version = map._version;
            _index = -1;
        }

        /// <summary>The key and the value of the last step.</summary>
        public readonly (ulong Key, T Value) Current
        {
            get
            {
                Run run = _map._runs[_run];
                return (run.Keys[_index], run.Values[_index]);
            }
        }

        /// <summary>Goes to the next key.</summary>
        /// <exception cref="InvalidOperationException">A key was added or removed since the walk began.</exception>
        public bool MoveNext()
        {
            if (_version != _map._version)
                throw new InvalidOperationException("a key was added or removed while the map was walked");
            if (_run == _map._runs.Count) return false;
            if (++_index < _map._runs[_run].Count) return true;
            _index = 0;
            return ++_run < _map._runs.Count;
        }
    }

    private sealed class Run
    {
        public ulong[] Keys = new ulong[RunMin];
        public T[] Values = new T[RunMin];

        public int Count { get; private set; }

        public int FindFirst(ulong key)
        {
            int index = Array.BinarySearch(Keys, 0, Count, key);
            return index < 0 ? ~index : index;
        }

        public void Insert(int index, ulong key, T value)
        {
            if (Count == Keys.Length)
            {
                Array.Resize(ref Keys, Count * 2);
                Array.Resize(ref Values, Count * 2);
            }
            Array.Copy(Keys, index, Keys, index + 1, Count - index);
            Array.Copy(Values, index, Values, index + 1, Count - index);
            Keys[index] = key;
            Values[index] = value;
            Count++;
        }

        public void RemoveAt(int index)
        {
            Count--;
            Array.Copy(Keys, index + 1, Keys, index, Count - index);
            Array.Copy(Values, index + 1, Values, index, Count - index);
            Values[Count] = default!;
        }

        public Run CutAt(int index)
        {
            var second = new Run
            {
                Count = Count - index,
                Keys = new ulong[RunMax],
                Values = new T[RunMax],
            };
            Array.Copy(Keys, index, second.Keys, 0, second.Count);
            Array.Copy(Values, index, second.Values, 0, second.Count);
            Array.Clear(Values, index, second.Count);
            Count = index;
            return second;
        }
    }
}
