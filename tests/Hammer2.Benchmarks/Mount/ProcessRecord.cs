// SPDX-License-Identifier: BSD-3-Clause

using System.Globalization;
using System.IO;

namespace Hammer2.Benchmarks.Mount;

/// <summary>The resources used by one process, read from /proc.</summary>
internal readonly record struct ProcessRecord(int Id, double CpuSeconds, double ResidentMiB, double PeakMiB)
{
    /// <summary>
    /// The youngest process with this program name whose command line holds <paramref name="word"/>, or 0.
    /// </summary>
    internal static int Find(string program, string word)
    {
        int found = 0;
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            string name = Path.GetFileName(directory);
            if (!int.TryParse(name, CultureInfo.InvariantCulture, out int id)) continue;
            if (id > found && id != Environment.ProcessId && Matches(directory, program, word)) found = id;
        }
        return found;
    }

    /// <summary>Reads the record of a process; false once it is gone.</summary>
    internal static bool TryRead(int id, out ProcessRecord record)
    {
        record = default;
        if (id == 0) return false;
        try
        {
            double peak = 0;
            double resident = 0;
            foreach (string line in File.ReadLines($"/proc/{id}/status"))
            {
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) peak = MebiBytes(line);
                if (line.StartsWith("VmRSS:", StringComparison.Ordinal)) resident = MebiBytes(line);
            }
            double cpu = CpuSecondsOf($"/proc/{id}/stat", withChildren: false);
            record = new ProcessRecord(id, cpu, resident, peak);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Processor seconds of this process and of the children it has waited for.</summary>
    internal static double OwnCpuSeconds() => CpuSecondsOf("/proc/self/stat", withChildren: true);

    private static double CpuSecondsOf(string path, bool withChildren)
    {
        string text = File.ReadAllText(path);
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        double ticks = 0;
        for (int index = 11; index < (withChildren ? 15 : 13); index++) // utime stime cutime cstime
        {
            ticks += double.Parse(fields[index], CultureInfo.InvariantCulture);
        }
        return ticks / Machine.TicksPerSecond;
    }

    private static double MebiBytes(string line)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return double.Parse(fields[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static bool Matches(string directory, string program, string word)
    {
        try
        {
            string[] line = File.ReadAllText(directory + "/cmdline").Split('\0');
            if (Path.GetFileName(line[0]) != program) return false;
            return Array.Exists(line, part => part.Contains(word, StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false; // ended while we looked
        }
    }
}
