// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Tool.Extract;

namespace Hammer2.Tool.Populate;

/// <summary>The amount to copy, used only for the progress bar.</summary>
/// <param name="Objects">Number of names below the source.</param>
/// <param name="Bytes">The lengths of all regular files, holes included; a file with several names counts once.</param>
internal readonly record struct PopulateSize(long Objects, ulong Bytes)
{
    private const uint RegularFile = 0x8000;
    private const uint Directory = 0x4000;

    /// <summary>Measures a directory. Objects that cannot be read are not counted.</summary>
    public static PopulateSize Measure(byte[] source)
    {
        var linked = new HashSet<(uint, uint, ulong)>();
        return SourceFiles.Open(LinuxFiles.AtCurrentDirectory, source, isDirectory: true, out int descriptor) == 0
            ? Below(descriptor, linked)
            : default;
    }

    private static PopulateSize Below(int descriptor, HashSet<(uint, uint, ulong)> linked)
    {
        var sum = default(PopulateSize);
        if (SourceFiles.List(descriptor, out List<byte[]> names) != 0) names = [];
        foreach (byte[] name in names)
        {
            if (SourceFiles.Status(descriptor, name, out LinuxFiles.FileStatus status) != 0) continue;
            sum = new PopulateSize(sum.Objects + 1, sum.Bytes + BytesOf(status, linked));
            if (status.Type != Directory) continue;
            if (SourceFiles.Open(descriptor, name, isDirectory: true, out int child) != 0) continue;
            PopulateSize below = Below(child, linked);
            sum = new PopulateSize(sum.Objects + below.Objects, sum.Bytes + below.Bytes);
        }
        SourceFiles.Close(descriptor);
        return sum;
    }

    private static ulong BytesOf(in LinuxFiles.FileStatus status, HashSet<(uint, uint, ulong)> linked)
    {
        if (status.Type != RegularFile) return 0;
        bool isNew = status.LinkCount < 2 || linked.Add((status.DeviceMajor, status.DeviceMinor, status.Inode));
        return isNew ? status.Size : 0;
    }
}
