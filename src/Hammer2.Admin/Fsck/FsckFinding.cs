// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text;
using Hammer2.Admin.Fsck.Repair;
using Linux.Text;

namespace Hammer2.Admin.Fsck;

/// <summary>One inconsistency, or a fact worth knowing.</summary>
public sealed record FsckFinding
{
    /// <summary>The severity.</summary>
    public required FsckSeverity Severity { get; init; }

    /// <summary>The kind of finding.</summary>
    public required FsckCode Code { get; init; }

    /// <summary>A description with the value found and the value expected.</summary>
    public required string Text { get; init; }

    /// <summary>The device and the offset on it, or the device alone.</summary>
    public required string Location { get; init; }

    /// <summary>The address in the address space of the filesystem, 0 when it does not apply.</summary>
    public ulong Address { get; init; }

    /// <summary>Key of the PFS, 0 for none.</summary>
    public ulong PfsKey { get; init; }

    /// <summary>Label of that PFS, null for none or when its root cannot be read.</summary>
    public string? Label { get; init; }

    /// <summary>The inode that it concerns, 0 for none.</summary>
    public ulong Inum { get; init; }

    /// <summary>The key of the reference, entry or segment; 0 when it does not apply.</summary>
    public ulong Key { get; init; }

    /// <summary>A path of that inode from the root of its PFS, as stored bytes; null when there is none.</summary>
    public byte[]? Path { get; internal set; }

    /// <summary>True when findings of this kind can be repaired.</summary>
    public bool IsRepairable => RepairPlan.MayRepair(Code)
        && (Severity != FsckSeverity.Note || Code is FsckCode.InodeUnlinked or FsckCode.AttributeFile);

    /// <summary>One line: severity, code, PFS and path, text, location.</summary>
    public override string ToString()
    {
        var line = new StringBuilder();
        _ = line.Append(CultureInfo.InvariantCulture, $"{Severity} {Code}: ");
        if (Label is not null) _ = line.Append(Label).Append(": ");
        if (Path is not null) _ = line.Append(ByteText.Decode(Path)).Append(": ");
        return line.Append(Text).Append(" (").Append(Location).Append(')').ToString();
    }
}
