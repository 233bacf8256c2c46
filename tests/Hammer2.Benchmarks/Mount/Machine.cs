// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Hammer2.Benchmarks.Mount;

/// <summary>Description and load of the machine.</summary>
internal static class Machine
{
    /// <summary>Ticks a second in /proc: 100 on every Linux that .NET runs on.</summary>
    internal const double TicksPerSecond = 100;

    /// <summary>Processor, cores, memory, kernel and runtime in one line.</summary>
    internal static string Describe()
    {
        string processor = Field("/proc/cpuinfo", "model name") ?? Field("/proc/cpuinfo", "CPU part")
            ?? "unknown";
        string memory = Field("/proc/meminfo", "MemTotal") ?? "0 kB";
        double gibiBytes = double.Parse(memory.Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20);
        string kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return string.Create(CultureInfo.InvariantCulture,
            $"{processor}, {Environment.ProcessorCount} cores, {gibiBytes:f0} GiB, Linux {kernel}");
    }

    /// <summary>Writes out what is dirty and empties the page, dentry and inode caches. Needs root.</summary>
    internal static void DropCaches()
    {
        ShellResult result = Shell.Run("sync && echo 3 >/proc/sys/vm/drop_caches", "/",
            TimeSpan.FromMinutes(2));
        if (result.ExitCode != 0) throw new IOException($"cannot drop caches (root needed): {result.Errors}");
    }

    /// <summary>
    /// Waits until less than an eighth of the machine is in use, at most <paramref name="limit"/>.
    /// </summary>
    internal static bool WaitQuiet(TimeSpan limit)
    {
        var waited = Stopwatch.StartNew();
        do
        {
            double before = BusySeconds();
            var step = Stopwatch.StartNew();
            Thread.Sleep(300);
            double used = (BusySeconds() - before) / step.Elapsed.TotalSeconds;
            if (used < Environment.ProcessorCount * 0.125) return true;
        }
        while (waited.Elapsed < limit);
        return false;
    }

    /// <summary>Processor seconds used by all processes since boot, without waiting.</summary>
    internal static double BusySeconds()
    {
        using StreamReader reader = File.OpenText("/proc/stat");
        string[] fields = reader.ReadLine()!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        double ticks = 0;
        foreach (int index in (ReadOnlySpan<int>)[1, 2, 3, 6, 7]) // user nice system irq softirq
        {
            ticks += double.Parse(fields[index], CultureInfo.InvariantCulture);
        }
        return ticks / TicksPerSecond;
    }

    private static string? Field(string path, string name)
    {
        foreach (string line in File.ReadLines(path))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal)) continue;
            return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
        return null;
    }
}
