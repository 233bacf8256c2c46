// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// Checks whether headers that are each valid make one filesystem. Every error names the device, the field, the value
/// found and the expected value.
/// </summary>
/// <remarks>Upstream: <c>hammer2_verify_volumes_common</c>, <c>_1</c> and <c>_2</c>.</remarks>
internal sealed class VolumeSetChecks
{
    private readonly VolumeSetOptions _options;
    private readonly List<string> _notes;

    internal VolumeSetChecks(VolumeSetOptions options, List<string> notes)
    {
        _options = options;
        _notes = notes;
    }

    /// <summary>
    /// Checks each header, then the set, and returns the devices in the order of their volumes.
    /// </summary>
    /// <exception cref="VolumeSetException">They do not make one filesystem.</exception>
    /// <param name="given">The devices.</param>
    /// <param name="joining">One that is not a volume yet; null when all are.</param>
    internal VolumeSetMember[] Order(IReadOnlyList<VolumeSetMember> given, out VolumeSetMember? joining)
    {
        foreach (VolumeSetMember member in given)
            CheckAlone(member);
        joining = InterruptedAddition.FindJoining(given);
        IReadOnlyList<VolumeSetMember> members = given;
        if (joining is { } left)
        {
            members = [.. given.Where(member => member != left)];
            _notes.Add($"{left.Device.Name}: adding it to the filesystem was interrupted; it is not used, and is blank "
                + "again once the filesystem is opened for writing");
        }
        CheckEquality(members);
        VolumeSetMember?[] byIndex = new VolumeSetMember?[Media.VolumesMax];
        foreach (VolumeSetMember member in members)
        {
            ref VolumeSetMember? slot = ref byIndex[member.Fields.VolumeIndex];
            if (slot != null)
                throw Twice(slot, member);
            slot = member;
        }
        bool isVersion1 = members[0].Copies.Newest.IsVersion1;
        VolumeSetMember[] ordered = isVersion1 ? OrderVersion1(members) : OrderVersion2(members, byIndex);
        return ordered;
    }

    private void CheckAlone(VolumeSetMember member)
    {
        ref readonly VolumeHeaderSector fields = ref member.Fields;
        if (fields.FilesystemType != VolumeHeaderView.TypeHammer2)
        {
            throw Refuse(member, $"filesystem type is not HAMMER2, found {fields.FilesystemType} "
                + $"expected {VolumeHeaderView.TypeHammer2}");
        }
        if (fields.Version is < 1 or > 2)
            throw Refuse(member, $"format version {fields.Version} is not supported, versions 1 and 2 are");
        if (fields.VolumeIndex >= Media.VolumesMax)
        {
            throw Refuse(member,
                $"volume index is out of range, found {fields.VolumeIndex} "
                + $"expected 0 to {Media.VolumesMax - 1}");
        }
        if (fields.VolumeBytes == 0)
            throw Refuse(member, "volume size is zero");
        ulong deviceBytes = (ulong)member.Device.LengthBytes;
        if (fields.VolumeBytes <= deviceBytes)
            return;
        string shortage = string.Create(CultureInfo.InvariantCulture,
            $"the device is shorter than its volume: it has {deviceBytes} bytes of {fields.VolumeBytes}, "
            + $"{fields.VolumeBytes - deviceBytes} are missing at its end");
        if (!_options.AcceptsShortDevices || !_options.IsReadOnly || fields.VolumeBytes > long.MaxValue)
            throw Refuse(member, shortage);
        _notes.Add($"{member.Device.Name}: {shortage}; blocks there cannot be read");
    }

    private static void CheckEquality(IReadOnlyList<VolumeSetMember> members)
    {
        VolumeSetMember first = members[0];
        VolumeSetMember? root = InterruptedAddition.RootOf(members);
        foreach (VolumeSetMember other in members)
        {
            CheckEqual(first, other, "filesystem id", first.Fields.FilesystemId.ToString(),
                other.Fields.FilesystemId.ToString());
            CheckEqual(first, other, "format version", Text(first.Fields.Version),
                Text(other.Fields.Version));
            if (InterruptedAddition.IsBehind(root, other)) continue;
            VolumeSetMember counted = InterruptedAddition.IsBehind(root, first) ? root! : first;
            CheckEqual(counted, other, "number of volumes", Text(counted.Fields.VolumesTotal),
                Text(other.Fields.VolumesTotal));
        }

        static string Text(uint value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static void CheckEqual(
        VolumeSetMember first, VolumeSetMember other, string field, string expected, string found)
    {
        if (found != expected)
        {
            throw Refuse(other, $"not a volume of the same filesystem as {first.Device.Name}: "
                + $"{field} differs, found {found} expected {expected}");
        }
    }

    private static VolumeSetException Twice(VolumeSetMember first, VolumeSetMember second)
    {
        DeviceIdentity? identity = (first.Device as IIdentifiedDevice)?.Identity;
        return identity != null && identity == (second.Device as IIdentifiedDevice)?.Identity
            ? Refuse(second, $"the same device as {first.Device.Name}; each volume must be given once")
            : Refuse(second, $"volume {second.Fields.VolumeIndex} of filesystem {second.Fields.FilesystemId} "
                + $"was already found on {first.Device.Name}; is one a copy of the other?");
    }

    private VolumeSetMember[] OrderVersion1(IReadOnlyList<VolumeSetMember> members)
    {
        VolumeSetMember only = members[0];
        ref readonly VolumeHeaderSector fields = ref only.Fields;
        if (members.Count != 1)
        {
            throw Refuse(only,
                $"a version 1 filesystem has one volume, but {members.Count} devices were given");
        }
        Expect(only, "volume index of a version 1 filesystem", fields.VolumeIndex, 0);
        Expect(only, "number of volumes in a version 1 header", fields.VolumesTotal, 0);
        foreach (ulong start in only.Copies.Newest.VolumeStarts)
            Expect(only, "volume start in a version 1 header", start, 0);
        ExpectMultiple(only, "volume size", fields.VolumeBytes, Media.VolumeAlignBytes);
        if (fields.TotalBytes != 0)
            NoteGrownVersion1(only);
        only.Start = 0;
        return [only];
    }

    // Upstream's growfs adds its delta to the total size of a version 1 header, which must be zero. The filesystem is
    // otherwise sound, but a driver that writes to it must repair this first.
    private void NoteGrownVersion1(VolumeSetMember only)
    {
        string fault = string.Create(CultureInfo.InvariantCulture,
            $"total size in a version 1 header, found 0x{only.Fields.TotalBytes:x} expected 0x0");
        if (!_options.IsReadOnly)
            throw Refuse(only, $"{fault}; growing such a filesystem leaves this, it can be opened read-only");
        _notes.Add($"{only.Device.Name}: {fault}; it is ignored");
    }

    private VolumeSetMember[] OrderVersion2(IReadOnlyList<VolumeSetMember> members, VolumeSetMember?[] byIndex)
    {
        int volumesTotal = (byIndex[0] ?? members[0]).Fields.VolumesTotal;
        if (volumesTotal is < 1 or > Media.VolumesMax)
        {
            throw Refuse(members[0],
                $"number of volumes is out of range, found {volumesTotal} expected 1 to {Media.VolumesMax}");
        }
        foreach (VolumeSetMember member in members)
        {
            if (member.Fields.VolumeIndex >= volumesTotal)
            {
                throw Refuse(member, $"volume index is out of range, found {member.Fields.VolumeIndex} "
                    + $"in a filesystem of {volumesTotal}");
            }
        }
        if (members.Count != volumesTotal)
            throw Missing(members[0], byIndex.AsSpan(0, volumesTotal));
        VolumeSetMember[] ordered = new VolumeSetMember[volumesTotal];
        for (int index = 0; index < volumesTotal; index++)
            ordered[index] = byIndex[index]!; // not null: the count is right, and no index is repeated or out of range
        CheckStarts(ordered);
        return ordered;
    }

    private static VolumeSetException Missing(VolumeSetMember given, ReadOnlySpan<VolumeSetMember?> byIndex)
    {
        var missing = new StringBuilder();
        int missingTotal = 0;
        for (int index = 0; index < byIndex.Length; index++)
        {
            if (byIndex[index] != null)
                continue;
            _ = missing.Append(missingTotal++ == 0 ? "" : ", ");
            _ = missing.Append(index == 0
                ? "0 (the root volume)"
                : index.ToString(CultureInfo.InvariantCulture));
        }
        string noun = missingTotal == 1 ? "volume" : "volumes";
        string verb = missingTotal == 1 ? "is" : "are";
        return Refuse(given, $"filesystem {given.Fields.FilesystemId} has {byIndex.Length} volumes and "
            + $"{byIndex.Length - missingTotal} of them given "
            + $"(this one is volume {given.Fields.VolumeIndex}): "
            + $"{noun} {missing} {verb} missing");
    }

    private void CheckStarts(VolumeSetMember[] ordered)
    {
        VolumeSetMember root = ordered[0];
        InterruptedAddition.AdjustLengths(ordered, _notes);
        ReadOnlySpan<ulong> starts = root.Copies.Newest.VolumeStarts;
        UInt128 next = 0;
        for (int index = 0; index < starts.Length; index++)
        {
            string field = string.Create(CultureInfo.InvariantCulture, $"start of volume {index}");
            if (index >= ordered.Length)
            {
                Expect(root, field, starts[index], VolumeHeaderView.VolumeStartUnused);
                continue;
            }
            VolumeSetMember member = ordered[index];
            ulong start = member.Copies.Newest.VolumeStarts[index];
            // Upstream uses the start that each volume stores itself; the root volume must agree.
            Expect(root, $"{field} as the root volume has it", starts[index], start);
            ExpectMultiple(member, field, start, Media.ZoneBytes);
            if (start != next)
            {
                throw Refuse(member, string.Create(CultureInfo.InvariantCulture,
                    $"{field} leaves a gap or an overlap, found 0x{start:x} expected 0x{next:x}"));
            }
            bool isLast = index == ordered.Length - 1;
            ExpectMultiple(member, string.Create(CultureInfo.InvariantCulture, $"size of volume {index}"),
                member.LengthBytes, isLast ? Media.VolumeAlignBytes : Media.ZoneBytes);
            member.Start = start;
            next += member.LengthBytes;
        }
        if (root.Fields.TotalBytes != next && !IsGrown(root, ordered[^1], next))
        {
            throw Refuse(root, string.Create(CultureInfo.InvariantCulture,
                $"total size is not the sum of the volumes, found 0x{root.Fields.TotalBytes:x} "
                + $"expected 0x{next:x}"));
        }
    }

    // Growing writes the root volume's header before that of the last volume: where power failed between the two, the
    // root volume tells the size.
    private bool IsGrown(VolumeSetMember root, VolumeSetMember last, UInt128 sum)
    {
        if (last == root || root.Fields.TotalBytes < sum) return false;
        ulong lengthBytes = root.Fields.TotalBytes - last.Start;
        if (lengthBytes % Media.VolumeAlignBytes != 0 || lengthBytes > (ulong)last.Device.LengthBytes) return false;
        last.LengthBytes = lengthBytes;
        _notes.Add(string.Create(CultureInfo.InvariantCulture,
            $"{last.Device.Name}: growing to 0x{lengthBytes:x} bytes "
            + $"was interrupted; it is completed when the filesystem is opened for writing"));
        return true;
    }

    private static void Expect(VolumeSetMember member, string field, ulong found, ulong expected)
    {
        if (found != expected)
        {
            throw Refuse(member, string.Create(CultureInfo.InvariantCulture,
                $"{field}, found 0x{found:x} expected 0x{expected:x}"));
        }
    }

    private static void ExpectMultiple(VolumeSetMember member, string field, ulong found, long unit)
    {
        if (found % (ulong)unit != 0)
        {
            throw Refuse(member, string.Create(CultureInfo.InvariantCulture,
                $"{field} is not a multiple of 0x{unit:x}, found 0x{found:x}"));
        }
    }

    private static VolumeSetException Refuse(VolumeSetMember member, string message)
        => new(member.Device.Name, string.Create(CultureInfo.InvariantCulture,
            $"volume header copy {member.Copies.Newest.CopyIndex}: {message}"));
}
