// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// The 1 to 64 volumes of one filesystem as one address space, and the header that refers to the super-root and the
/// freemap. A set exists only when its headers passed all cross-checks.
/// </summary>
/// <remarks>
/// Thread-safe: only the bytes on the devices change after opening, and the length of the last volume.
/// Upstream: <c>hammer2_init_volumes</c>,
/// <c>hammer2_get_volume</c>.
/// </remarks>
public sealed class VolumeSet : IDisposable
{
    private const int NamesListedMax = 4;

    private readonly Volume[] _volumes;
    private readonly ulong[] _ends; // ends of the volumes, ascending, for lookups
    private readonly List<string> _notes;
    private VolumeHeader? _adopted;

    private VolumeSet(Volume[] volumes, List<string> notes)
    {
        _volumes = volumes;
        _notes = notes;
        _ends = new ulong[volumes.Length];
        bool isReadOnly = false;
        for (int index = 0; index < volumes.Length; index++)
        {
            _ends[index] = volumes[index].End;
            isReadOnly |= volumes[index].Device.IsReadOnly;
        }
        IsReadOnly = isReadOnly;
        Name = JoinNames(volumes);
    }

    /// <summary>The names of the devices in the order of their volumes, joined by colons.</summary>
    public string Name { get; }

    /// <summary>The header of the root volume, the only one whose super-root, freemap, transaction ids and free counts
    /// are defined: the one that was read, or the one passed to <see cref="Adopt"/> since.</summary>
    public VolumeHeader Header => _adopted ?? _volumes[0].Header;

    /// <summary>Uses a header that is not on media yet, from a commit that the nodes of a cluster had prepared when
    /// power failed. Call it before anything else reads the set.</summary>
    public void Adopt(VolumeHeader header)
    {
        _adopted = header;
        // It may be the commit that made the filesystem larger; a record with other sizes is void.
        bool isGrown = TryGrowTo(header);
        Invariant.Holds(isGrown);
    }

    /// <summary>Makes the last volume as long as a header says.</summary>
    /// <returns>False when its device is not that long, or the header is of a smaller filesystem.</returns>
    internal bool TryGrowTo(VolumeHeader header)
    {
        ref readonly VolumeHeaderSector fields = ref header.Fields;
        Volume last = _volumes[^1];
        ulong total = header.IsVersion1 ? fields.VolumeBytes : fields.TotalBytes;
        ulong lengthBytes = total - last.Start;
        bool isPossible = total >= TotalBytes && lengthBytes % Media.VolumeAlignBytes == 0
            && lengthBytes <= (ulong)last.Device.LengthBytes;
        if (isPossible) SetLastLength(lengthBytes);
        return isPossible;
    }

    /// <summary>Changes the length of the last volume, and with it that of the address space.</summary>
    /// <param name="lengthBytes">A multiple of <see cref="Media.VolumeAlignBytes"/> that the device has. When it is
    /// less than before, nothing may be in use beyond it.</param>
    public void SetLastLength(ulong lengthBytes)
    {
        Volume last = _volumes[^1];
        Invariant.Holds(lengthBytes % Media.VolumeAlignBytes == 0 && lengthBytes <= (ulong)last.Device.LengthBytes);
        last.LengthBytes = lengthBytes;
        Volatile.Write(ref _ends[^1], last.End);
    }

    /// <summary>The volumes in the order of the address space.</summary>
    public IReadOnlyList<Volume> Volumes => _volumes;

    /// <summary>Size of the address space in bytes.</summary>
    public ulong TotalBytes => Volatile.Read(ref _ends[^1]);

    /// <summary>The id of the filesystem, the same on every volume.</summary>
    public MediaUuid FilesystemId => Header.Fields.FilesystemId;

    /// <summary>True when any of the devices is read-only.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Warnings about faults that did not prevent opening: header copies not used and the reason, fields
    /// ignored. Each names its device.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>
    /// Reads the headers of all devices of one filesystem, given in any order, and checks them.
    /// </summary>
    /// <param name="devices">All volumes. The returned set owns them; when this throws, the caller still does.</param>
    /// <param name="options">How to open the set; read-only by default.</param>
    /// <exception cref="NotHammer2Exception">A device has no valid header.</exception>
    /// <exception cref="VolumeSetException">The devices do not make one filesystem.</exception>
    public static VolumeSet Open(IReadOnlyList<IBlockDevice> devices, VolumeSetOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(devices.Count);
        var members = new VolumeSetChecks.Member[devices.Count];
        for (int index = 0; index < members.Length; index++)
        {
            members[index] = new VolumeSetChecks.Member(
                devices[index], VolumeHeaderCopies.Read(devices[index]));
        }
        return Assemble(members, options ?? new VolumeSetOptions());
    }

    /// <summary>Makes a set of devices whose headers were read already.</summary>
    internal static VolumeSet Assemble(
        IReadOnlyList<VolumeSetChecks.Member> members, VolumeSetOptions options)
    {
        var notes = new List<string>();
        foreach (VolumeSetChecks.Member member in members)
        {
            if (member.Copies.DescribeFallback() is { } note)
                notes.Add(note);
        }
        VolumeSetChecks.Member[] ordered = new VolumeSetChecks(options, notes).Order(members);
        var volumes = new Volume[ordered.Length];
        for (int index = 0; index < volumes.Length; index++)
        {
            VolumeSetChecks.Member member = ordered[index];
            volumes[index] = new Volume(
                index, member.Device, member.Copies, member.Start, member.LengthBytes);
        }
        return new VolumeSet(volumes, notes);
    }

    /// <summary>Finds the volume that contains a whole range. Allocates no memory.</summary>
    /// <param name="mediaOffset">First byte in the address space of the filesystem.</param>
    /// <param name="lengthBytes">Number of bytes, not negative.</param>
    /// <param name="volume">The volume, or null when the range is not wholly within one.</param>
    public bool TryFindVolume(ulong mediaOffset, long lengthBytes, [NotNullWhen(true)] out Volume? volume)
    {
        int index = 0;
        while (index < _ends.Length && mediaOffset >= _ends[index])
            index++;
        bool isFound = index < _ends.Length && lengthBytes >= 0
            && (ulong)lengthBytes <= _ends[index] - mediaOffset;
        volume = isFound ? _volumes[index] : null;
        return isFound;
    }

    /// <summary>Finds the device of an address: the device as the user named it, and the offset on it, including the
    /// start of a partition.</summary>
    /// <returns>False when the address is in no volume.</returns>
    public bool TryLocate(ulong mediaOffset, out string device, out long offset)
    {
        bool isFound = TryFindVolume(mediaOffset, 1, out Volume? volume);
        (device, offset) = isFound ? (volume!.Device.Name, (long)(mediaOffset - volume.Start)) : ("", 0);
        if (isFound && volume!.Device is PartitionBlockDevice part)
            (device, offset) = (part.DiskName, part.FirstOffset + offset);
        return isFound;
    }

    /// <summary>Fills the destination from the address space.</summary>
    /// <returns>None; Corrupt when the range is not wholly within one volume, as no valid reference is; Io when the
    /// device fails.</returns>
    public Hammer2Error Read(ulong mediaOffset, Span<byte> destination)
        => TryFindVolume(mediaOffset, destination.Length, out Volume? volume)
            ? volume.Device.Read((long)(mediaOffset - volume.Start), destination)
            : Hammer2Error.Corrupt;

    /// <summary>Writes the source to the address space; durable after the next successful flush.</summary>
    /// <returns>None; Corrupt when the range is not wholly within one volume; else the result of the device.</returns>
    public Hammer2Error Write(ulong mediaOffset, ReadOnlySpan<byte> source)
        => TryFindVolume(mediaOffset, source.Length, out Volume? volume)
            ? volume.Device.Write((long)(mediaOffset - volume.Start), source)
            : Hammer2Error.Corrupt;

    /// <summary>As <see cref="Write"/>, for bytes that are not expected to be read soon.</summary>
    public Hammer2Error WriteUncached(ulong mediaOffset, ReadOnlySpan<byte> source)
        => TryFindVolume(mediaOffset, source.Length, out Volume? volume)
            ? volume.Device.WriteUncached((long)(mediaOffset - volume.Start), source)
            : Hammer2Error.Corrupt;

    /// <summary>Makes all earlier writes to all volumes durable.</summary>
    /// <returns>None, or the errors of all devices: each is flushed even if an earlier one fails.</returns>
    public Hammer2Error Flush()
    {
        Hammer2Error error = Hammer2Error.None;
        foreach (Volume volume in _volumes)
            error |= volume.Device.Flush();
        return error;
    }

    /// <summary>Tells the device that a range, wholly within one volume, is no longer needed.</summary>
    public Hammer2Error Discard(ulong mediaOffset, long lengthBytes)
        => TryFindVolume(mediaOffset, lengthBytes, out Volume? volume)
            ? volume.Device.Discard((long)(mediaOffset - volume.Start), lengthBytes)
            : Hammer2Error.Corrupt;

    /// <summary>Describes a media offset as device and offset on it, for messages.</summary>
    public string DescribeLocation(ulong mediaOffset)
        => TryFindVolume(mediaOffset, 1, out Volume? volume)
            ? string.Create(CultureInfo.InvariantCulture,
                $"{volume.Device.Name} at 0x{mediaOffset - volume.Start:x}")
            : string.Create(CultureInfo.InvariantCulture,
                $"{Name} at 0x{mediaOffset:x}, outside all volumes");

    /// <summary>Closes the devices. Nothing is flushed.</summary>
    public void Dispose()
    {
        foreach (Volume volume in _volumes)
            volume.Device.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string JoinNames(Volume[] volumes)
    {
        string name = volumes[0].Device.Name;
        for (int index = 1; index < Math.Min(volumes.Length, NamesListedMax); index++)
            name = $"{name}:{volumes[index].Device.Name}";
        return volumes.Length <= NamesListedMax
            ? name
            : string.Create(CultureInfo.InvariantCulture,
                $"{name} and {volumes.Length - NamesListedMax} more");
    }
}
