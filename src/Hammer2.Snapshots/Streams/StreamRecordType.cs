// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Snapshots.Streams;

/// <summary>The types of records of a stream; docs/STREAM.md describes their payloads.</summary>
internal enum StreamRecordType : ushort
{
    /// <summary>Identity of the snapshot and of its ancestor: the first record.</summary>
    Begin = 1,

    /// <summary>An inode; the records up to the next one are about what is below it.</summary>
    Inode = 2,

    /// <summary>An inode of the ancestor that the snapshot does not have.</summary>
    RemovedInode = 3,

    /// <summary>An entry of a directory.</summary>
    Entry = 4,

    /// <summary>A key of the ancestor's inode at which the snapshot has nothing.</summary>
    RemovedKey = 5,

    /// <summary>A block of file data, as stored.</summary>
    Data = 6,

    /// <summary>A block of file data that came before in the stream, or that the ancestor has.</summary>
    Shared = 7,

    /// <summary>Totals: the last record.</summary>
    End = 8,
}
