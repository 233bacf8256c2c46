// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>What has to be known of the records that a PFS which is not whole was made of, to go on behind
/// them.</summary>
internal sealed class SkimmedRecords
{
    /// <summary>The record of the root directory.</summary>
    public byte[] Root { get; private set; } = [];

    /// <summary>The record of the last inode.</summary>
    public byte[] Inode { get; private set; } = [];

    /// <summary>True unless an inode was removed after it.</summary>
    public bool IsInodeOpen { get; private set; }

    /// <summary>Number of the last inode that was begun or removed.</summary>
    public ulong LastInum { get; private set; }

    /// <summary>The last key of the last inode; null when none came.</summary>
    public ulong? LastKey { get; private set; }

    /// <summary>Notes a record.</summary>
    /// <exception cref="StreamException">It is none that a part can have.</exception>
    public void Add(StreamRecordType type, ReadOnlySpan<byte> payload)
    {
        if (payload.Length < sizeof(ulong)) throw new StreamException("has a wrong length");
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(payload);
        switch (type)
        {
            case StreamRecordType.Inode:
                Inode = payload.ToArray();
                if (number == Media.PfsRootInum) Root = Inode;
                (LastInum, LastKey, IsInodeOpen) = (number, null, true);
                break;
            case StreamRecordType.RemovedInode:
                (LastInum, LastKey, IsInodeOpen) = (number, null, false);
                break;
            default:
                LastKey = number;
                break;
        }
    }
}
