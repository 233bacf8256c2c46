// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// The 1 to 64 volumes of one filesystem as one address space: the bytes that a media offset names, and the
/// header that has the roots. A set exists only when its headers passed every cross-check.
/// </summary>
/// <remarks>
/// All methods may be called from several threads at once; nothing but the bytes on the devices changes after
/// opening. Upstream: <c>hammer2_init_volumes</c>, <c>hammer2_get_volume</c>.
/// </remarks>
public sealed class VolumeSet : IDisposable
{
    private const int NamesListedMax = 4;

    private readonly Volume[] _volumes;
    private readonly ulong[] _ends; // of the volumes, ascending: what a lookup compares
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

    /// <summary>The trusted header of the root volume: the only one with roots, transaction ids and free
    /// counts that mean anything. The one that was read, or that was put in its place since.</summary>
    public VolumeHeader Header => _adopted ?? _volumes[0].Header;

    /// <summary>Shows the filesystem as a header describes it that is not on media yet: one that a cluster's nodes had
    /// agreed on when power failed. Comes before anything else reads the set.</summary>
    public void Adopt(VolumeHeader header) => _adopted = header;

    /// <summary>The volumes in the order of the address space.</summary>
    public IReadOnlyList<Volume> Volumes => _volumes;

    /// <summary>Bytes of the address space.</summary>
    public ulong TotalBytes => _ends[^1];

    /// <summary>Identifies the filesystem; the same in every volume.</summary>
    public MediaUuid FilesystemId => Header.Fields.FilesystemId;

    /// <summary>True when any of the devices refuses to be written.</summary>
    public bool IsReadOnly { get; }

    /// <summary>What was not as it should be but did not prevent opening: header copies passed over and why,
    /// fields ignored. Each is a sentence that names its device.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>
    /// Reads the headers of all devices of one filesystem, given in any order, and checks them.
    /// </summary>
    /// <param name="devices">All volumes. They belong to the set once it is returned; when this throws they
    /// stay the caller's.</param>
    /// <param name="options">What the set is for; by default reading.</param>
    /// <exception cref="NotHammer2Exception">A device has no header that can be trusted.</exception>
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

    /// <summary>Makes a set of devices whose headers are known already.</summary>
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
                index, member.Device, member.Copies, member.Start, member.Fields.VolumeBytes);
        }
        return new VolumeSet(volumes, notes);
    }

    /// <summary>Finds the volume that holds all of a range. Does not allocate.</summary>
    /// <param name="mediaOffset">First byte in the address space of the filesystem.</param>
    /// <param name="lengthBytes">How many bytes, not negative.</param>
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

    /// <summary>Says where a byte of the address space is: the device as the user named it, and the offset on that
    /// device, the start of a partition found on it included.</summary>
    /// <returns>False when the byte is in no volume.</returns>
    public bool TryLocate(ulong mediaOffset, out string device, out long offset)
    {
        bool isFound = TryFindVolume(mediaOffset, 1, out Volume? volume);
        (device, offset) = isFound ? (volume!.Device.Name, (long)(mediaOffset - volume.Start)) : ("", 0);
        if (isFound && volume!.Device is PartitionBlockDevice part)
            (device, offset) = (part.DiskName, part.FirstOffset + offset);
        return isFound;
    }

    /// <summary>Fills the destination from the address space.</summary>
    /// <returns>None; Corrupt when the range is not wholly within one volume, which no legal reference is;
    /// Io when the device fails.</returns>
    public Hammer2Error Read(ulong mediaOffset, Span<byte> destination)
        => TryFindVolume(mediaOffset, destination.Length, out Volume? volume)
            ? volume.Device.Read((long)(mediaOffset - volume.Start), destination)
            : Hammer2Error.Corrupt;

    /// <summary>Writes the source to the address space; durable after the next successful flush.</summary>
    /// <returns>None; Corrupt when the range is not wholly within one volume; else what the device
    /// says.</returns>
    public Hammer2Error Write(ulong mediaOffset, ReadOnlySpan<byte> source)
        => TryFindVolume(mediaOffset, source.Length, out Volume? volume)
            ? volume.Device.Write((long)(mediaOffset - volume.Start), source)
            : Hammer2Error.Corrupt;

    /// <summary>As <see cref="Write"/>, for bytes that nobody is expected to read soon.</summary>
    public Hammer2Error WriteUncached(ulong mediaOffset, ReadOnlySpan<byte> source)
        => TryFindVolume(mediaOffset, source.Length, out Volume? volume)
            ? volume.Device.WriteUncached((long)(mediaOffset - volume.Start), source)
            : Hammer2Error.Corrupt;

    /// <summary>Makes all earlier writes to all volumes durable.</summary>
    /// <returns>None, or what any of the devices answered: every one is flushed even if an earlier one
    /// fails.</returns>
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

    /// <summary>Names the device and the byte on it that a media offset means, for messages.</summary>
    public string DescribePlace(ulong mediaOffset)
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
