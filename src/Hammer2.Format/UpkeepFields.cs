// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>The fixed part of the upkeep record.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UpkeepFields
{
    public ulong Magic;
    public uint Version;
    public uint PlacesTotal;
    public MediaUuid FilesystemId;
    public ulong Sequence;
    public ScrubState State;
    public uint IsListCut;                  // 1: more places were damaged than are listed
    public long StartedMicroseconds;        // since 1970 UTC; 0: never
    public long EndedMicroseconds;
    public ulong CursorPfs;
    public ulong CursorIndex;
    public ulong CursorKey;
    public ulong CheckedBytes;
    public ulong TotalBytes;
    public ulong Faults;
    public ulong Healed;
    public ulong Unhealed;
    public long ClearedMicroseconds;
    public ulong RateBytes;                 // per second; 0: as fast as the device
    public ulong LostHeaderTid;             // mirror_tid in use when a newer header may have been lost; 0: never
    public long BulkfreeMicroseconds;       // when bulkfree last came to its end; 0: never
}
