// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>The volumes of a filesystem with their places in its address space, at one time. Immutable: growing and
/// adding volumes replace it.</summary>
internal sealed class VolumeLayout
{
    private const int NamesListedMax = 4;

    private readonly ulong[] _ends; // ends of the volumes, ascending, for lookups

    internal VolumeLayout(Volume[] volumes)
    {
        Volumes = volumes;
        _ends = Array.ConvertAll(volumes, static volume => volume.End);
        Name = JoinNames(volumes);
    }

    /// <summary>The volumes in the order of the address space.</summary>
    internal Volume[] Volumes { get; }

    /// <summary>The names of their devices, joined by colons.</summary>
    internal string Name { get; }

    /// <summary>Size of the address space in bytes.</summary>
    internal ulong TotalBytes => _ends[^1];

    /// <summary>The volume that contains a whole range; null when the range is not wholly within one.</summary>
    internal Volume? Find(ulong mediaOffset, long lengthBytes)
    {
        int index = 0;
        while (index < _ends.Length && mediaOffset >= _ends[index])
            index++;
        bool isFound = index < _ends.Length && lengthBytes >= 0
            && (ulong)lengthBytes <= _ends[index] - mediaOffset;
        return isFound ? Volumes[index] : null;
    }

    /// <summary>The same with another length of the last volume.</summary>
    internal VolumeLayout WithLastLength(ulong lengthBytes) =>
        new([.. Volumes.AsSpan(..^1), Volumes[^1].WithLength(lengthBytes)]);

    /// <summary>The same with one more volume, before whose start the present last one ends.</summary>
    internal VolumeLayout With(JoiningVolume added, ulong start, ulong lengthBytes)
    {
        Volume last = Volumes[^1].WithLength(start - Volumes[^1].Start);
        return new VolumeLayout([.. Volumes.AsSpan(..^1), last,
            new Volume(Volumes.Length, added.Device, added.Copies, start, lengthBytes)]);
    }

    /// <summary>The layout that a header of the root volume describes: this one, with a longer last volume, or with one
    /// volume more.</summary>
    /// <param name="header">The header.</param>
    /// <param name="joining">The volume that would be added; null when there is none.</param>
    /// <returns>Null when the devices do not have it.</returns>
    internal VolumeLayout? Following(VolumeHeader header, JoiningVolume? joining)
    {
        ref readonly VolumeHeaderSector fields = ref header.Fields;
        int count = header.IsVersion1 ? 1 : fields.VolumesTotal;
        ulong total = header.IsVersion1 ? fields.VolumeBytes : fields.TotalBytes;
        if (count == Volumes.Length)
        {
            ulong lengthBytes = total - Volumes[^1].Start;
            return total >= TotalBytes && Has(Volumes[^1].Device, lengthBytes, Media.VolumeAlignBytes)
                ? WithLastLength(lengthBytes) : null;
        }
        if (joining is null || count != Volumes.Length + 1) return null;
        ulong start = header.VolumeStarts[count - 1];
        bool isPossible = start > Volumes[^1].Start && total > start
            && Has(Volumes[^1].Device, start - Volumes[^1].Start, Media.ZoneBytes)
            && Has(joining.Device, total - start, Media.VolumeAlignBytes);
        return isPossible ? With(joining, start, total - start) : null;
    }

    private static bool Has(IBlockDevice device, ulong lengthBytes, long unit) =>
        lengthBytes % (ulong)unit == 0 && lengthBytes <= (ulong)device.LengthBytes;

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
