// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>Spare buffers for written blocks, of 4, 16 and 64 KiB: small files shall not hold whole blocks. So many
/// are kept as a busy filesystem has under way, the rest goes to the collector.</summary>
/// <remarks>Lock: rank 80, a leaf.</remarks>
internal sealed class ContentBuffers
{
    private const int SmallestBytes = 4096;
    private const int StepRadix = 2;

    private readonly Stack[] _stacks;

    /// <summary>Keeps at most <paramref name="sparesMax"/> of the large ones, and as many bytes of the
    /// others.</summary>
    public ContentBuffers(int sparesMax) =>
        _stacks = [new(sparesMax << (2 * StepRadix)), new(sparesMax << StepRadix), new(sparesMax)];

    /// <summary>A buffer with any content.</summary>
    /// <param name="leastBytes">At most 64 KiB; the buffer may be longer.</param>
    public byte[] Rent(int leastBytes)
    {
        int bytes = SmallestBytes, index = 0;
        while (bytes < leastBytes)
        {
            bytes <<= StepRadix;
            index++;
        }
        return _stacks[index].Pop() ?? GC.AllocateUninitializedArray<byte>(bytes);
    }

    /// <summary>Gives a buffer back.</summary>
    public void Return(byte[] buffer)
    {
        int index = buffer.Length switch
        {
            SmallestBytes => 0,
            Media.FileBlockBytes => 2,
            _ => 1,
        };
        _stacks[index].Push(buffer);
    }

    private sealed class Stack(int sparesMax)
    {
        private readonly RankedLock _sparesLock = new(LockRank.SpareContents);
        private readonly byte[]?[] _spare = new byte[sparesMax][];
        private int _count;

        public byte[]? Pop()
        {
            using (_sparesLock.EnterScope())
            {
                if (_count == 0) return null;
                byte[]? buffer = _spare[--_count];
                _spare[_count] = null;
                return buffer;
            }
        }

        public void Push(byte[] buffer)
        {
            using (_sparesLock.EnterScope())
            {
                if (_count < _spare.Length) _spare[_count++] = buffer;
            }
        }
    }
}
