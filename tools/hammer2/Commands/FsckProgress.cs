// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Shows the progress of a check: as a bar, or as lines in the format of fsck(8).</summary>
internal sealed class FsckProgress : IDisposable
{
    private readonly ProgressLine _line;
    private readonly FileStream? _to;

    /// <summary>Draws on the terminal, and writes to a file if one is given.</summary>
    public FsckProgress(Terminal terminal, FileStream? to)
    {
        _line = new ProgressLine(terminal);
        _to = to;
    }

    /// <summary>The progress callback for a check of these volumes.</summary>
    public Action<ulong> Of(VolumeSet volumes)
    {
        ref readonly VolumeHeaderSector header = ref volumes.Header.Fields;
        ulong used = header.AllocatorBytes > header.AllocatorFree ? header.AllocatorBytes - header.AllocatorFree : 1;
        string name = volumes.Volumes[0].Device.Name;
        return read =>
        {
            double share = Math.Min(1, (double)read / used);
            _line.Show($"fsck: {ProgressLine.Bar(share)} {ByteUnits.Format(read, ByteUnit.Iec)} read");
            Write(string.Create(CultureInfo.InvariantCulture, $"1 {(long)(share * 1000)} 1000 {name}\n"));
        };
    }

    /// <summary>Removes the bar.</summary>
    public void Clear() => _line.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        _line.Dispose();
        _to?.Dispose();
    }

    private void Write(string line)
    {
        if (_to is null) return;
        try
        {
            _to.Write(System.Text.Encoding.ASCII.GetBytes(line));
            _to.Flush();
        }
        catch (IOException)
        {
            // The reader of the progress has closed its end; the check continues.
        }
    }
}
