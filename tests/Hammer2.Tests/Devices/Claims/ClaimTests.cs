// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Devices;
using Hammer2.Devices.Claims;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Devices.Claims;

/// <summary>
/// Goal: of two machines that reach one volume, one writes it. The other is refused while the first one runs, takes the
/// volume over when it does not, and a writer that was halted meanwhile writes nothing more.
/// Method: one device in memory, two writers with an identity each, and a clock that moves while one watches.
/// </summary>
public sealed class ClaimTests : IDisposable
{
    private readonly MemoryBlockDevice _disk = NewVolume.InMemory();
    private readonly LogCapture _log = new();
    private readonly ManualClock _clock = new();
    private readonly MediaUuid _filesystemId;
    private readonly Side _first, _second;

    public ClaimTests()
    {
        _filesystemId = VolumeHeaderCopies.Read(_disk).Newest.Fields.FilesystemId;
        _first = new Side(this, number: 1);
        _second = new Side(this, number: 2);
    }

    public void Dispose() => _log.Dispose();

    [Fact]
    public void A_volume_is_marked_while_it_is_open_and_free_afterwards()
    {
        using (ClaimedBlockDevice device = _first.Take())
        {
            WriterMark mark = Mark()!;
            Assert.Equal((WriterMarkState.InUse, "host1", 1L),
                (mark.Fields.State, mark.Host, mark.Fields.ProcessId));
            Assert.Equal(Hammer2Error.None, device.Write(8 << 20, new byte[512]));
        }
        Assert.Equal(WriterMarkState.Free, Mark()!.Fields.State);
        using ClaimedBlockDevice next = _second.Take();
        Assert.Equal(0, _second.Pauses);
    }

    [Fact]
    public void A_writer_that_renews_its_mark_is_not_disturbed()
    {
        using ClaimedBlockDevice device = _first.Take();
        _second.Meanwhile = () => Side.Renew(device);
        DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(() => _second.Take());
        Assert.Contains("is being written by process 1 of host1", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, _second.Pauses);
        Assert.Equal(Hammer2Error.None, device.Write(8 << 20, new byte[512]));
        Assert.Equal(1, Mark()!.Fields.ProcessId);
    }

    [Fact]
    public void A_writer_that_is_silent_loses_the_volume_for_good()
    {
        using ClaimedBlockDevice device = _first.Take();
        using ClaimedBlockDevice other = _second.Take();
        Assert.True(_log.Contains(LogLevel.Warning, "taken over from process 1 of host1"));
        // It was halted for as long as the other one watched, and goes on now.
        foreach (int round in (int[])[1, 2])
        {
            Assert.Equal(Hammer2Error.Io, device.Write(8 << 20, new byte[512]));
            Assert.Equal(Hammer2Error.Io, device.WriteUncached(8 << 20, new byte[4096]));
            Assert.Equal(Hammer2Error.Io, device.Flush());
            Assert.Equal(Hammer2Error.Io, device.Discard(8 << 20, 65536));
            Assert.Equal(Hammer2Error.Io, device.Read(8 << 20, new byte[512]));
            Assert.Contains("is being written by process 2 of host2", device.Failure, StringComparison.Ordinal);
        }
        Assert.Equal(Hammer2Error.None, other.Write(8 << 20, new byte[512]));
        device.Dispose();
        Assert.Equal((WriterMarkState.InUse, 2L), (Mark()!.Fields.State, Mark()!.Fields.ProcessId));
    }

    [Fact]
    public void A_writer_that_was_halted_and_is_still_the_only_one_goes_on()
    {
        using ClaimedBlockDevice device = _first.Take();
        ulong before = Mark()!.Fields.Sequence;
        _clock.Advance(ClaimOptions.TrustedTime);
        Assert.Equal(Hammer2Error.None, device.Write(8 << 20, new byte[512]));
        Assert.Equal(before, Mark()!.Fields.Sequence);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Hammer2Error.None, device.Write(8 << 20, new byte[512]));
        Assert.Equal(before + 1, Mark()!.Fields.Sequence);
    }

    [Theory, InlineData(true, true, 0), InlineData(false, true, 1), InlineData(true, false, 1)]
    public void A_process_of_this_kernel_that_is_gone_is_not_waited_for(bool isSameKernel, bool isGone, int pauses)
    {
        ClaimedBlockDevice left = _first.Take();
        var next = new Side(this, number: 3, kernel: isSameKernel ? 1 : 3)
        {
            IsRunning = process => process != 1 || !isGone,
        };
        using ClaimedBlockDevice device = next.Take();
        Assert.Equal(pauses, next.Pauses);
        Assert.Equal(3, Mark()!.Fields.ProcessId);
        left.Dispose();
    }

    [Fact]
    public void Of_two_that_take_a_free_volume_at_once_one_is_refused()
    {
        // The second one looked while the volume was free, and writes its mark after the first one's.
        var raced = new AfterWriteDevice(_disk, () => Assert.Equal(Hammer2Error.None, VolumeMarks.Write(
            _disk, _second.Identity.Mark(_filesystemId, WriterMarkState.InUse, 1, default))));
        DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(
            () => _first.Open(raced).Claim());
        Assert.Contains("is being written by process 2", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(2, Mark()!.Fields.ProcessId);
    }

    [Theory, InlineData(0L), InlineData(Media.SpareHeaderOffset)]
    public void A_header_that_another_program_wrote_ends_writing(long offset)
    {
        byte[] header = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, _disk.Read(0, header));
        ClaimedBlockDevice device = _first.Take();
        for (int commit = 0; commit < 3; commit++)
        {
            header[0x40]++;
            Assert.Equal(Hammer2Error.None, device.Write(offset, header));
        }
        byte[] foreign = [.. header];
        foreign[0x41]++;
        Assert.Equal(Hammer2Error.None, _disk.Write(offset, foreign));
        Assert.Equal(Hammer2Error.Io, device.Write(offset, header));
        Assert.Contains("another program wrote the volume header", device.Failure, StringComparison.Ordinal);
        byte[] kept = new byte[header.Length];
        Assert.Equal(Hammer2Error.None, _disk.Read(offset, kept));
        Assert.Equal(foreign, kept);
        Assert.Equal(WriterMarkState.Contested, Mark()!.Fields.State);
        device.Dispose();
        // This process does not come back to it by itself; another one may, once nothing changes any more.
        Assert.Contains("check it with fsck", Assert.Throws<DeviceBusyException>(() => _first.Take()).Message,
            StringComparison.Ordinal);
        using ClaimedBlockDevice next = _second.Take();
        Assert.Equal(1, _second.Pauses);
    }

    [Fact]
    public void A_volume_that_is_read_is_claimed_when_it_becomes_writable()
    {
        _disk.IsReadOnly = true;
        using ClaimedBlockDevice device = _first.Open(new OpenedForReading(_disk));
        Assert.Equal(Hammer2Error.ReadOnly, device.Write(8 << 20, new byte[512]));
        Assert.Null(Mark());
        device.BeginWriting();
        Assert.Equal((WriterMarkState.InUse, Hammer2Error.None),
            (Mark()!.Fields.State, device.Write(8 << 20, new byte[512])));
        ClaimedBlockDevice other = _second.Open(new OpenedForReading(_disk));
        _second.Meanwhile = () => Side.Renew(device);
        Assert.Throws<DeviceBusyException>(other.BeginWriting);
        Assert.Equal(Hammer2Error.ReadOnly, other.Write(8 << 20, new byte[512]));
        device.EndWriting();
        Assert.Equal(WriterMarkState.Free, Mark()!.Fields.State);
        other.BeginWriting();
        Assert.Equal(Hammer2Error.None, other.Write(8 << 20, new byte[512]));
        Assert.Equal(Hammer2Error.ReadOnly, device.Write(8 << 20, new byte[512]));
    }

    [Fact]
    public void A_mark_that_is_torn_or_of_another_filesystem_is_none()
    {
        Assert.Equal(Hammer2Error.None, VolumeMarks.Write(
            _disk, _second.Identity.Mark(default, WriterMarkState.InUse, 1, default)));
        using (ClaimedBlockDevice device = _first.Take()) Assert.Null(device.Failure);
        Assert.Equal(Hammer2Error.None, VolumeMarks.Write(
            _disk, _second.Identity.Mark(_filesystemId, WriterMarkState.InUse, 1, default)));
        Assert.Equal(Hammer2Error.None, _disk.Write(Media.WriterMarkOffset + 100, new byte[] { 1 }));
        using (ClaimedBlockDevice device = _first.Take()) Assert.Null(device.Failure);
        Assert.Equal(0, _first.Pauses);
    }

    [Fact]
    public void A_local_device_is_refused_while_a_remote_writer_has_it_and_freed_when_that_is_gone()
    {
        ClaimedBlockDevice device = _first.Take();
        _second.Meanwhile = () => Side.Renew(device);
        Assert.Throws<DeviceBusyException>(
            () => VolumeMarks.RefuseRemote(_disk, _filesystemId, _second.Options, _log));
        _second.Meanwhile = null;
        VolumeMarks.RefuseRemote(_disk, _filesystemId, _second.Options, _log);
        Assert.Equal(WriterMarkState.Free, Mark()!.Fields.State);
        VolumeMarks.RefuseRemote(_disk, _filesystemId, _second.Options, _log);
        Assert.Equal(2, _second.Pauses);
        // The writer was only halted: it sees that its mark was taken away.
        Assert.Equal(Hammer2Error.Io, device.Write(8 << 20, new byte[512]));
        device.Dispose();
    }

    private WriterMark? Mark()
    {
        Assert.Equal(Hammer2Error.None, VolumeMarks.Read(_disk, _filesystemId, out WriterMark? mark));
        return mark;
    }

    /// <summary>One machine with one process.</summary>
    private sealed class Side : IScheduler
    {
        private readonly ClaimTests _test;

        public Side(ClaimTests test, int number, int? kernel = null)
        {
            _test = test;
            Identity = new WriterIdentity(MediaUuid.FromUnixId((uint)number), $"host{number}",
                MediaUuid.FromUnixId((uint)(kernel ?? number) + 100), ProcessNamespace: 7, ProcessId: number);
        }

        public WriterIdentity Identity { get; }

        public ClaimOptions Options => new()
        {
            Writer = Identity,
            Scheduler = this,
            Time = _test._clock,
            IsRunning = IsRunning,
        };

        public Func<long, bool> IsRunning { get; init; } = static _ => true;

        public Action? Meanwhile { get; set; }

        public int Pauses { get; private set; }

        public ClaimedBlockDevice Take()
        {
            ClaimedBlockDevice device = Open(_test._disk);
            device.Claim();
            return device;
        }

        public ClaimedBlockDevice Open(IBlockDevice disk) => new(disk, _test._filesystemId, Options, _test._log);

        // Its thread does not run here: a write after some time renews the mark as well.
        public static void Renew(ClaimedBlockDevice device) =>
            Assert.Equal(Hammer2Error.None, device.Write(9 << 20, new byte[512]));

        public IStartedThread Start(string name, Action body) => new Idle();

        public void Queue(Action body) => throw new NotSupportedException();

        public void Pause(TimeSpan duration)
        {
            Pauses++;
            _test._clock.Advance(duration);
            Meanwhile?.Invoke();
        }

        public void Spin(int iterations) => throw new NotSupportedException();

        private sealed class Idle : IStartedThread
        {
            public void Join()
            {
            }
        }
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks = TimeSpan.FromDays(1).Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan duration) => _ticks += duration.Ticks;

        public override long GetTimestamp() => _ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_ticks);
    }

    private sealed class OpenedForReading(MemoryBlockDevice disk) : IBlockDevice
    {
        public string Name => disk.Name;

        public long LengthBytes => disk.LengthBytes;

        public int SectorBytes => disk.SectorBytes;

        public bool IsReadOnly { get; private set; } = true;

        public void BeginWriting()
        {
            IsReadOnly = false;
            disk.IsReadOnly = false;
        }

        public void EndWriting() => IsReadOnly = true;

        public Hammer2Error Read(long offset, Span<byte> destination) => disk.Read(offset, destination);

        public Hammer2Error Write(long offset, ReadOnlySpan<byte> source) =>
            IsReadOnly ? Hammer2Error.ReadOnly : disk.Write(offset, source);

        public Hammer2Error Flush() => disk.Flush();

        public Hammer2Error Discard(long offset, long lengthBytes) => disk.Discard(offset, lengthBytes);

        public void Dispose()
        {
        }
    }

    /// <summary>Does something after the first write.</summary>
    private sealed class AfterWriteDevice(IBlockDevice device, Action then) : IBlockDevice
    {
        private Action? _then = then;

        public string Name => device.Name;

        public long LengthBytes => device.LengthBytes;

        public int SectorBytes => device.SectorBytes;

        public bool IsReadOnly => false;

        public Hammer2Error Read(long offset, Span<byte> destination) => device.Read(offset, destination);

        public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
        {
            Hammer2Error error = device.Write(offset, source);
            _then?.Invoke();
            _then = null;
            return error;
        }

        public Hammer2Error Flush() => device.Flush();

        public Hammer2Error Discard(long offset, long lengthBytes) => device.Discard(offset, lengthBytes);

        public void Dispose()
        {
        }
    }
}
