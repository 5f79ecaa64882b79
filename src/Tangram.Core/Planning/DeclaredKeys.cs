using static Tangram.Planning.Section;

namespace Tangram.Planning;

/// <summary>What stands beside the services at the top level, and how a service uses it.</summary>
internal static class DeclaredKeys
{
    private const string Standing = "write file: or environment: instead; nothing is kept here beside the revisions";
    private const string Labels = "they are for a platform's own objects, and there are none";
    private const string Owner = "every process runs as the user who runs Tangram, whose file it is";
    private const string Address = "delete it: a process has its machine's addresses";
    private const string NoNetwork = "no network is made: a process is in its machine's";

    public static readonly Section Config = new("configs (top level)",
        Yes("file", "a file whose content is part of the revision, at most 1 MB; relative to the file")
            .On("read where the command runs"),
        Yes("content", "the content itself").On("read where the command runs"),
        Yes("environment", "a variable of your environment or of .env that holds the content")
            .On("read where the command runs"),
        Yes("external", "false; true is refused, since nothing is kept beside the revisions"),
        Yes("name", "for people; a process finds it by its key"),
        Pass("labels", Labels),
        No("template_driver", "write variables into content: they are replaced when the file is read").Never());

    public static readonly Section Secret = new("secrets (top level)",
        Yes("file", "a file whose content is part of the revision, at most 500 kB; relative to the file")
            .On("read where the command runs"),
        Yes("environment", "a variable of your environment or of .env that holds the content")
            .On("read where the command runs"),
        Yes("external", "false; true is refused, since nothing is kept beside the revisions"),
        Yes("name", "for people; a process finds it by its key"),
        Pass("labels", Labels),
        No("content", "write file: or environment:, so that the secret does not stand in the file").Never(),
        No("driver", Standing).Never(),
        No("driver_opts", Standing).Never(),
        No("template_driver", Standing).Never());

    public static readonly Section Volume = new("volumes (top level)",
        Yes("driver", "local, which is a folder in the state of each node"),
        Yes("external", "false; true is refused: bind a folder of the machine instead"),
        Yes("name", "the folder's name on a node; default: its key"),
        Pass("labels", Labels),
        No("driver_opts", "mount it on the machine, and bind its path: \"/path:/path\""));

    public static readonly Section Network = new("networks (top level)",
        No("internal", "delete it, and use the machine's firewall: nothing here would keep a process in"),
        Pass("driver", NoNetwork).Later(),
        Pass("driver_opts", NoNetwork).Later(),
        Pass("attachable", NoNetwork).Later(),
        Pass("external", NoNetwork).Later(),
        Pass("name", NoNetwork).Later(),
        Pass("labels", NoNetwork).Later(),
        Pass("enable_ipv4", NoNetwork).Later(),
        Pass("enable_ipv6", NoNetwork).Later(),
        No("ipam", Address));

    public static readonly Section Grant = new("configs, secrets (of a service, long form)",
        Yes("source", "its key at the top level"),
        Yes("target", "a path below TANGRAM_CONFIGS or TANGRAM_SECRETS; default: the source's name; an absolute one " +
            "is refused, since nothing is mounted"),
        Yes("mode", "permission bits in octal, without those to write; default 0444, and for a secret 0400, which is " +
            "all that is taken of its mode"),
        Pass("uid", Owner).Later(),
        Pass("gid", Owner).Later());

    public static readonly Section NetworkUse = new("networks (of a service, long form)",
        Pass("aliases", "services reach each other by TANGRAM_URL_<SERVICE>").Later(),
        Pass("priority", NoNetwork).Later(),
        Pass("gw_priority", NoNetwork).Later(),
        Pass("driver_opts", NoNetwork).Later(),
        No("interface_name", Address),
        No("ipv4_address", Address),
        No("ipv6_address", Address),
        No("link_local_ips", Address),
        No("mac_address", Address));

    public static readonly Section VolumeUse = new("volumes.volume (long form)",
        Pass("nocopy", "there is no image whose content could be copied").Later(),
        Pass("labels", Labels).Later(),
        No("subpath", "give the program the path below TANGRAM_VOLUME_<NAME>"));

    public static readonly Section Ulimit = new("ulimits (long form)",
        Yes("soft", "what holds, a number or -1 for none"),
        Yes("hard", "up to where a process may raise it itself"));
}
